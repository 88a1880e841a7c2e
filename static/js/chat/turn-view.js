// One turn on the page: a question, the answer under it, its line, its sources.

import { AnswerView } from "./answer.js";
import { versions } from "./branches.js";
import { copy, element, find, icon, uuid } from "./dom.js";
import { FeedbackView } from "./feedback.js";
import { figureList } from "./figures.js";
import { pictures } from "./images.js";
import { failureNotice, sealTable } from "./seal.js";
import { SourcesView } from "./sources.js";
import { answerText, canGoOn } from "./turn.js";
import { LEFT_OUT_WHY, compactedWords, counted, ending, leftOutWords, seal, waiting } from "./words.js";

/**
 * @typedef {import("./turn.js").Turn} Turn
 *
 * What a turn asks the page to do.
 * @typedef {object} Actions
 * @property {(turn: Turn, number: number) => void} openSource
 * @property {(turn: Turn) => void} askAgain
 * @property {(turn: Turn) => void} goOn
 * @property {(turn: Turn) => void} edit
 * @property {(turn: Turn) => void} takeBack
 * @property {(id: string) => void} showVersion
 * @property {(id: string) => Turn|undefined} earlier a turn of the page
 * @property {((turn: Turn, anchor: HTMLElement) => void)|null} askAnother null where there is one model
 */

/** @param {string} name @param {string} text @param {() => void} onclick */
function lineButton(name, text, onclick) {
  return element(
    "button",
    { type: "button", class: "button quiet compact", onclick },
    icon(name),
    element("span", { text, dataset: { label: text } }),
  );
}

/** One whose name is for screen readers and on hover. @param {string} name @param {string} text @param {() => void} onclick */
function bareButton(name, text, onclick) {
  const button = lineButton(name, text, onclick);
  button.classList.add("bare");
  button.title = text;
  find("[data-label]", button).classList.add("visually-hidden");
  return button;
}

/** The places of a turn, empty. */
function builtParts() {
  const reasoningText = element("div", { class: "reasoning-text", dir: "auto" });
  const summary = element("summary", {}, icon("chevron-right"), "How it thought");
  const reasoning = element("details", { class: "reasoning", hidden: true }, summary, reasoningText);
  const compacted = element("details", { class: "left-out small", hidden: true });
  const leftOut = element("details", { class: "left-out small", hidden: true });
  const answer = element("div", { class: "answer prose" });
  const failures = element("div", {});
  const ending = element("div", { class: "ending", hidden: true });
  const waiting = element("p", { class: "waiting" });
  const line = element("div", { class: "line no-print", hidden: true });
  const panel = element("div", { class: "seal-panel", hidden: true });
  const figures = element("div", { class: "figures-panel", hidden: true });
  const aside = element("div", { class: "sources", role: "group", "aria-label": "Sources of this answer", hidden: true });
  const title = element("h2", { class: "visually-hidden", text: "Answer" });
  const body = element("div", { class: "reply" }, title, compacted, leftOut, reasoning, answer, failures, ending, waiting, line, panel, figures);
  return { compacted, leftOut, reasoningText, reasoning, answer, failures, ending, waiting, line, panel, figures, aside, body };
}

/** Shows one turn and keeps what it shows in step with its state. */
export class TurnView {
  /** @param {Turn} turn @param {Actions} actions */
  constructor(turn, actions) {
    this.actions = actions;
    this.turn = turn;
    /** @type {Turn|null} */
    this.shown = null;
    this.shownConnected = true;
    this.parts = builtParts();
    this.root = element(
      "article",
      { class: "turn", dataset: { turn: turn.id } },
      element("h2", { class: "visually-hidden", text: "Question" }),
      element("div", { class: "question", dir: "auto" }, turn.images.length ? pictures(turn.images) : null, turn.question),
      this.parts.body,
      this.parts.aside,
    );
    this.answerView = new AnswerView(this.parts.answer, (number) => this.cite(number));
    this.sources = new SourcesView(this.parts.aside, (number) => actions.openSource(this.turn, number));
  }

  /** @param {number} number @returns {HTMLElement|null} */
  cite(number) {
    const source = this.turn.sources.find((one) => one.number === number);
    if (!source) return null;
    return element("button", {
      type: "button",
      class: "cite",
      text: number,
      title: source.title,
      "aria-label": `Source ${number}: ${source.title}`,
      dataset: { number },
      onclick: () => this.actions.openSource(this.turn, number),
    });
  }

  /** Brings the page in step. @param {Turn} turn @param {boolean} connected */
  update(turn, connected) {
    const before = this.shown;
    if (before === turn && this.shownConnected === connected) return;
    this.turn = this.shown = turn;
    this.shownConnected = connected;
    this.root.dataset.turn = turn.id;
    if (before?.compacted !== turn.compacted) this.showCompacted(turn);
    if (before?.leftOut !== turn.leftOut) this.showLeftOut(turn);
    if (before?.reasoning !== turn.reasoning) this.showReasoning(turn.reasoning);
    if (before && before.sources !== turn.sources) this.answerView.refresh(turn.parts);
    else if (before?.parts !== turn.parts) this.answerView.update(turn.parts);
    if (before?.sources !== turn.sources || before?.cited !== turn.cited) this.sources.update(turn.sources, turn.cited);
    if (before?.judged !== turn.judged) this.parts.failures.replaceChildren(...[failureNotice(turn.judged)].filter((one) => one !== null));
    this.root.classList.toggle("is-writing", connected && turn.phase === "writing" && turn.parts.length > 0);
    this.showWaiting(waiting(turn, connected));
    const news = before?.status !== turn.status || before.siblings !== turn.siblings;
    if (turn.phase === "ended" && news) this.showEnd(turn);
  }

  /** The summary by which the model knows earlier turns. @param {Turn} turn */
  showCompacted({ compacted }) {
    this.parts.compacted.hidden = !compacted;
    if (!compacted) return;
    this.parts.compacted.replaceChildren(
      element("summary", {}, icon("chevron-right"), compactedWords(compacted)),
      element("div", { class: "reasoning-text", dir: "auto", text: compacted.text }),
    );
  }

  /** What the model was not told, which opens to say which questions. @param {Turn} turn */
  showLeftOut({ leftOut }) {
    this.parts.leftOut.hidden = !leftOut;
    if (!leftOut) return;
    const questions = leftOut.turns.map((id) =>
      element("li", {}, element("bdi", { class: "truncate", text: this.actions.earlier(id)?.question ?? "A question that is not shown here" })),
    );
    this.parts.leftOut.replaceChildren(
      element("summary", {}, icon("chevron-right"), leftOutWords(leftOut)),
      element("p", { text: LEFT_OUT_WHY }),
      questions.length ? element("ol", {}, ...questions) : "",
    );
  }

  /** @param {string} text */
  showReasoning(text) {
    this.parts.reasoning.hidden = !text;
    this.parts.reasoningText.textContent = text;
  }

  /** @param {string} words */
  showWaiting(words) {
    this.parts.waiting.hidden = !words;
    this.root.setAttribute("aria-busy", words ? "true" : "false");
    if (this.parts.waiting.dataset.words === words) return;
    this.parts.waiting.dataset.words = words;
    const behind = this.turn.phase === "behind";
    const mark = behind ? icon("clock") : element("span", { class: "pulse", "aria-hidden": "true" });
    this.parts.waiting.replaceChildren(mark, words);
    if (behind) this.parts.waiting.append(lineButton("x", "Take back", () => this.actions.takeBack(this.turn)));
  }

  /** @param {Turn} turn */
  showEnd(turn) {
    this.answerView.finish();
    const words = ending(turn);
    this.parts.ending.hidden = turn.status === "done" && !words;
    const said = words ? [icon("info"), element("span", { text: words })] : [];
    this.parts.ending.replaceChildren(...said, element("span", { class: "ways" }, ...this.ways(turn)));
    this.showLine(turn);
  }

  /** What can be done about how the turn ended. @param {Turn} turn */
  ways(turn) {
    const change = lineButton("pencil", "Change the question", () => this.actions.edit(this.turn));
    const again = lineButton("rotate-cw", "Ask again", () => this.actions.askAgain(this.turn));
    const goOn = lineButton("arrow-right", "Go on", () => this.actions.goOn(this.turn));
    const failed = turn.judged.some(({ failures }) => failures.length);
    if (turn.status === "blocked" && !failed) return [change];
    if (turn.status === "done") return canGoOn(turn) ? [goOn] : [];
    if (canGoOn(turn)) return [goOn, again];
    return turn.status === "stopped" && !turn.model ? [again, change] : [again];
  }

  /** @param {Turn} turn */
  showLine(turn) {
    const text = answerText(turn);
    /** @type {HTMLElement[]} */
    const buttons = [];
    const others = versions(turn, (id) => this.actions.showVersion(id));
    if (others) buttons.push(others);
    if (turn.sources.length) {
      buttons.push(this.foldButton("book-open", counted(turn.sources.length, "source"), this.parts.aside, true));
    }
    if (text) {
      const button = lineButton("copy", "Copy", () => copy(button, text));
      buttons.push(button);
    }
    if (turn.status === "done") {
      buttons.push(bareButton("rotate-cw", "Answer anew", () => this.actions.askAgain(this.turn)));
      if (this.actions.askAnother) buttons.push(this.anotherButton(this.actions.askAnother));
      buttons.push(bareButton("pencil", "Edit question", () => this.actions.edit(this.turn)));
    }
    if (text || turn.status === "blocked") buttons.push(this.thumbs(turn));
    // What holds nothing is not sealed as checked.
    const mark = text || turn.status === "blocked" ? seal(turn.judged) : null;
    if (mark) {
      this.parts.panel.replaceChildren(sealTable(turn.judged));
      const button = this.foldButton(mark.icon, mark.label, this.parts.panel, false);
      button.classList.add("seal", mark.tone);
      buttons.push(button);
    }
    if (turn.model && text) buttons.push(this.modelButton(turn));
    this.parts.line.replaceChildren(...buttons);
    this.parts.line.hidden = !buttons.length;
  }

  /** The way to the other models. @param {(turn: Turn, anchor: HTMLElement) => void} ask */
  anotherButton(ask) {
    const button = bareButton("cpu", "Answer anew with another model", () => ask(this.turn, button));
    button.setAttribute("aria-haspopup", "menu");
    return button;
  }

  /** Whether it helped; why is asked under the line. @param {Turn} turn */
  thumbs(turn) {
    const feedback = new FeedbackView(() => this.turn.id, turn.feedback);
    this.parts.line.after(feedback.panel);
    return feedback.buttons;
  }

  /** The model's name, which opens what the answer took. @param {Turn} turn */
  modelButton(turn) {
    this.parts.figures.replaceChildren(figureList(turn));
    const button = this.foldButton("gauge", turn.model, this.parts.figures, false);
    button.classList.add("model");
    button.title = "What this answer took";
    button.append(element("span", { class: "visually-hidden", text: ": what this answer took" }));
    return button;
  }

  /**
   * A button that opens and folds `region`.
   *
   * @param {string} name @param {string} label @param {HTMLElement} region @param {boolean} open
   */
  foldButton(name, label, region, open) {
    region.id ||= `region-${uuid()}`;
    region.hidden = !open;
    const button = lineButton(name, label, () => {
      region.hidden = !region.hidden;
      button.setAttribute("aria-expanded", String(!region.hidden));
      if (!region.hidden) {
        this.sources.align(this.parts.answer);
        region.scrollIntoView({ block: "nearest" });
      }
    });
    button.setAttribute("aria-controls", region.id);
    button.setAttribute("aria-expanded", String(open));
    return button;
  }

  /** Puts the notes beside their marks, once the page is laid out. */
  align() {
    if (!this.parts.aside.hidden) this.sources.align(this.parts.answer);
  }
}
