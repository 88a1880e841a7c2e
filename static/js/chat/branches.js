// A conversation is a tree: an edited question and a regenerated answer stand beside what they
// came from, and one branch is shown. Which question is being edited, and which branch to show.

import { element, icon } from "./dom.js";
import { post } from "./post.js";

/** @typedef {import("./turn.js").Turn} Turn */

/**
 * @typedef {object} BranchHooks
 * @property {(turns: any[]) => void} onturns another branch is to be shown
 * @property {(message: string) => void} onerror
 * @property {(question: string) => void} onedit
 */

const FAILED = "The other version cannot be shown at the moment. Try again.";

export class Branches {
  /** @param {HTMLElement} place where an edit in progress is said @param {BranchHooks} hooks */
  constructor(place, hooks) {
    this.place = place;
    this.hooks = hooks;
    /** @type {Turn|null} the turn whose question is being edited */
    this.edited = null;
  }

  /** @param {Turn} turn */
  edit(turn) {
    this.edited = turn;
    const cancel = element("button", { type: "button", class: "button quiet compact", onclick: () => this.cancel(), text: "Cancel" });
    const words = element("span", { text: "You are editing a question. The version before stays." });
    this.place.replaceChildren(icon("pencil"), words, cancel);
    this.place.hidden = false;
    this.hooks.onedit(turn.question);
  }

  cancel() {
    this.done();
    this.hooks.onedit("");
  }

  /** Ends the edit. @returns {Turn|null} what was edited */
  done() {
    const { edited } = this;
    this.edited = null;
    this.place.hidden = true;
    this.place.replaceChildren();
    return edited;
  }

  /** Shows the branch that goes through the turn `id`. @param {string} id */
  async show(id) {
    await this.load(() => post(`/turns/${id}/branch/`));
  }

  /** Shows what the server shows of `conversation`. @param {string} conversation */
  async reload(conversation) {
    await this.load(() => fetch(`/c/${conversation}/turns/`));
  }

  /** @param {() => Promise<Response>} ask */
  async load(ask) {
    try {
      const answer = await ask();
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      this.hooks.onturns((await answer.json()).turns);
    } catch {
      this.hooks.onerror(FAILED);
    }
  }
}

/**
 * "2 of 3" with a way to the versions before and after; null where there is one version.
 *
 * @param {Turn} turn
 * @param {(id: string) => void} show
 */
export function versions({ id, siblings }, show) {
  const at = siblings.indexOf(id);
  if (siblings.length < 2 || at < 0) return null;
  return element(
    "span",
    { class: "versions", role: "group", "aria-label": "Versions of this question" },
    step("chevron-left", "Version before", siblings[at - 1], show),
    element("span", { class: "tabular", text: `${at + 1} of ${siblings.length}` }),
    step("chevron-right", "Version after", siblings[at + 1], show),
  );
}

/** @param {string} name @param {string} label @param {string|undefined} id @param {(id: string) => void} show */
function step(name, label, id, show) {
  const onclick = () => id && show(id);
  return element("button", { type: "button", class: "button quiet compact square", title: label, "aria-label": label, disabled: !id, onclick }, icon(name));
}
