// One turn on the page: a question, the answer under it, its line, its sources.

import { AnswerView } from "./answer.js";
import { copy, element, icon } from "./dom.js";
import { failureNotice, sealTable } from "./seal.js";
import { SourcesView } from "./sources.js";
import { answerText } from "./turn.js";
import { counted, ending, seal, waiting } from "./words.js";

/**
 * @typedef {import("./turn.js").Turn} Turn
 *
 * What a turn asks the page to do.
 * @typedef {object} Actions
 * @property {(turn: Turn, number: number) => void} openSource
 * @property {(question: string) => void} askAgain
 * @property {(question: string) => void} edit
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

/** Shows one turn and keeps what it shows in step with its state. */
export class TurnView {
  /** @param {Turn} turn @param {Actions} actions */
  constructor(turn, actions) {
    this.actions = actions;
    this.turn = turn;
    /** @type {Turn|null} */
    this.shown = null;
    this.shownConnected = true;
    this.buildParts();
    this.root = element(
      "article",
      { class: "turn", dataset: { turn: turn.id } },
      element("h2", { class: "visually-hidden", text: "Question" }),
      element("div", { class: "question", dir: "auto", text: turn.question }),
      this.body,
      this.aside,
    );
    this.answerView = new AnswerView(this.answer, (number) => this.cite(number));
    this.sources = new SourcesView(this.aside, (number) => actions.openSource(this.turn, number));
  }

  buildParts() {
    this.reasoningText = element("div", { class: "reasoning-text", dir: "auto" });
    this.reasoning = element(
      "details",
      { class: "reasoning", hidden: true },
      element("summary", {}, icon("chevron-right"), "How it thought"),
      this.reasoningText,
    );
    this.answer = element("div", { class: "answer prose" });
    this.failures = element("div", {});
    this.ending = element("div", { class: "ending", hidden: true });
    this.waiting = element("p", { class: "waiting" });
    this.line = element("div", { class: "line no-print", hidden: true });
    this.panel = element("div", { class: "seal-panel", hidden: true });
    this.aside = element("aside", { class: "sources", "aria-label": "Sources of this answer", hidden: true });
    this.body = element(
      "div",
      { class: "reply" },
      element("h2", { class: "visually-hidden", text: "Answer" }),
      this.reasoning, this.answer, this.failures, this.ending, this.waiting, this.line, this.panel,
    );
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
    if (before?.reasoning !== turn.reasoning) this.showReasoning(turn.reasoning);
    if (before && before.sources !== turn.sources) this.answerView.refresh(turn.parts);
    else if (before?.parts !== turn.parts) this.answerView.update(turn.parts);
    if (before?.sources !== turn.sources || before?.cited !== turn.cited) this.sources.update(turn.sources, turn.cited);
    if (before?.judged !== turn.judged) this.failures.replaceChildren(...[failureNotice(turn.judged)].filter((one) => one !== null));
    this.showWaiting(waiting(turn, connected));
    if (turn.phase === "ended" && before?.phase !== "ended") this.showEnd(turn);
  }

  /** @param {string} text */
  showReasoning(text) {
    this.reasoning.hidden = !text;
    this.reasoningText.textContent = text;
  }

  /** @param {string} words */
  showWaiting(words) {
    this.waiting.hidden = !words;
    this.root.setAttribute("aria-busy", words ? "true" : "false");
    if (this.waiting.dataset.words === words) return;
    this.waiting.dataset.words = words;
    this.waiting.replaceChildren(element("span", { class: "pulse", "aria-hidden": "true" }), words);
  }

  /** @param {Turn} turn */
  showEnd(turn) {
    const words = ending(turn);
    const again = turn.status === "blocked"
      ? lineButton("pencil", "Change the question", () => this.actions.edit(turn.question))
      : lineButton("rotate-cw", "Ask again", () => this.actions.askAgain(turn.question));
    this.ending.hidden = turn.status === "done";
    this.ending.replaceChildren(...(words ? [icon("info"), element("span", { text: words })] : []), again);
    this.showLine(turn);
  }

  /** @param {Turn} turn */
  showLine(turn) {
    const text = answerText(turn);
    const buttons = [];
    if (turn.sources.length) {
      buttons.push(this.foldButton("book-open", counted(turn.sources.length, "source"), this.aside, true));
    }
    if (text) {
      const button = lineButton("copy", "Copy", () => copy(button, text));
      buttons.push(button);
    }
    const mark = seal(turn.judged);
    if (mark) {
      this.panel.replaceChildren(sealTable(turn.judged));
      const button = this.foldButton(mark.icon, mark.label, this.panel, false);
      button.classList.add("seal", mark.tone);
      buttons.push(button);
    }
    if (turn.model) buttons.push(element("span", { class: "model truncate", title: turn.model, text: turn.model }));
    this.line.replaceChildren(...buttons);
    this.line.hidden = !buttons.length;
  }

  /**
   * A button that opens and folds `region`.
   *
   * @param {string} name @param {string} label @param {HTMLElement} region @param {boolean} open
   */
  foldButton(name, label, region, open) {
    region.id ||= `region-${crypto.randomUUID()}`;
    region.hidden = !open;
    const button = lineButton(name, label, () => {
      region.hidden = !region.hidden;
      button.setAttribute("aria-expanded", String(!region.hidden));
      if (!region.hidden) this.sources.align(this.answer);
    });
    button.setAttribute("aria-controls", region.id);
    button.setAttribute("aria-expanded", String(open));
    return button;
  }

  /** Puts the notes beside their marks, once the page is laid out. */
  align() {
    if (!this.aside.hidden) this.sources.align(this.answer);
  }
}
