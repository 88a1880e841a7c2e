// Whether an answer helped: two buttons in its line, and under it, for those who care to say, why.

import { element, icon, uuid } from "./dom.js";
import { post } from "./post.js";

/**
 * @typedef {{helpful: boolean, reasons: string[], words: string}} Said
 * @typedef {{value: string, label: string}} Choice
 */

const LONGEST = 1000;
const THANKS = "Thank you";
const FAILED = "It could not be kept. Try again in a moment.";

/** @returns {{yes: Choice[], no: Choice[]}} the reasons that the server put into the page */
function choices() {
  return JSON.parse(document.getElementById("reasons")?.textContent || '{"yes": [], "no": []}');
}

/** What one person says of one answer. */
export class FeedbackView {
  /** @param {() => string} turn the answer's id @param {Said|null} said what was said before */
  constructor(turn, said) {
    this.turn = turn;
    this.said = said;
    /** Changes go one after the other, so that the last one stays. @type {Promise<void>} */
    this.last = Promise.resolve();
    this.panel = element("form", { class: "feedback", id: `feedback-${uuid()}`, hidden: true, onsubmit: (/** @type {Event} */ event) => this.submitted(event) });
    this.up = this.thumb("thumbs-up", "It helped", true);
    this.down = this.thumb("thumbs-down", "It did not help", false);
    this.says = element("span", { class: "feedback-says", role: "status" });
    this.buttons = element("span", { class: "thumbs", role: "group", "aria-label": "Did this answer help?" }, this.up, this.down, this.says);
    this.refresh();
  }

  /** @param {string} name @param {string} label @param {boolean} helpful */
  thumb(name, label, helpful) {
    return element(
      "button",
      { type: "button", class: "button quiet compact bare", title: label, "aria-controls": this.panel.id, onclick: () => this.pressed(helpful) },
      icon(name),
      element("span", { class: "visually-hidden", text: label }),
    );
  }

  refresh() {
    this.up.setAttribute("aria-pressed", String(this.said?.helpful === true));
    this.down.setAttribute("aria-pressed", String(this.said?.helpful === false));
  }

  /** @param {boolean} helpful */
  pressed(helpful) {
    const again = this.said?.helpful === helpful;
    this.keep(again ? null : { helpful, reasons: [], words: "" }, again ? "Taken back" : "Kept");
    if (again) this.panel.hidden = true;
    else this.ask(helpful);
  }

  /** Opens the question why. @param {boolean} helpful */
  ask(helpful) {
    const title = helpful ? "What was good about it?" : "What was wrong with it?";
    const chips = choices()[helpful ? "yes" : "no"].map(({ value, label }) =>
      element("label", { class: "chip choice" }, element("input", { type: "checkbox", name: "reasons", value }), icon("check"), label),
    );
    const words = element("textarea", { class: "input", name: "words", rows: 2, maxlength: LONGEST, dir: "auto", placeholder: "In your own words, if you like" });
    words.setAttribute("aria-label", "In your own words");
    this.panel.replaceChildren(
      element("fieldset", {}, element("legend", { text: title }), element("div", { class: "choices" }, ...chips)),
      words,
      element(
        "div",
        { class: "toolbar" },
        element("small", { text: "Kept with this conversation, and deleted with it." }),
        element("button", { type: "button", class: "button compact push", text: "Skip", onclick: () => this.close() }),
        element("button", { type: "submit", class: "button compact primary", text: "Send" }),
      ),
    );
    this.panel.setAttribute("aria-label", title);
    this.panel.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.close();
    };
    this.panel.hidden = false;
    this.panel.scrollIntoView({ block: "nearest" });
  }

  close() {
    const { said } = this;
    this.panel.hidden = true;
    (said?.helpful === false ? this.down : this.up).focus();
  }

  /** @param {Event} event */
  submitted(event) {
    event.preventDefault();
    if (!this.said) return;
    const form = new FormData(/** @type {HTMLFormElement} */ (this.panel));
    const reasons = form.getAll("reasons").map(String);
    this.keep({ ...this.said, reasons, words: String(form.get("words") ?? "") }, THANKS);
    this.close();
  }

  /** Shows `said` at once, and what was said before again if the server does not take it. @param {Said|null} said @param {string} words */
  keep(said, words) {
    const before = this.said;
    this.said = said;
    this.refresh();
    this.last = this.last.then(async () => {
      const kept = await this.send(said);
      if (!kept && this.said === said) {
        this.said = before;
        this.refresh();
        this.panel.hidden = true;
      }
      this.tell(kept ? words : FAILED, !kept);
    });
  }

  /** @param {Said|null} said @returns {Promise<boolean>} whether the server has it */
  async send(said) {
    const fields = new URLSearchParams({ helpful: said ? (said.helpful ? "yes" : "no") : "", words: said?.words ?? "" });
    for (const reason of said?.reasons ?? []) fields.append("reasons", reason);
    try {
      const answer = await post(`/turns/${this.turn()}/feedback/`, fields);
      return "feedback" in (await answer.json());
    } catch {
      return false;
    }
  }

  /** What a pressed button shows already is for screen readers alone. @param {string} words @param {boolean} wrong */
  tell(words, wrong) {
    this.says.textContent = words;
    this.says.classList.toggle("wrong", wrong);
    this.says.classList.toggle("visually-hidden", !wrong && words !== THANKS);
    if (words === THANKS) setTimeout(() => this.says.textContent === THANKS && this.says.replaceChildren(), 4000);
  }
}
