// Where a link to one turn leads: to its place on the page, marked for a moment.

import { element } from "./dom.js";

const TURN = /^#turn-([0-9a-f-]{36})$/;

/**
 * @typedef {object} LandingHooks
 * @property {(id: string) => HTMLElement|null} reveal scrolls to a turn that is on the page
 * @property {(id: string) => Promise<void>} load brings the branch that goes through a turn
 */

export class Landing {
  /** @param {LandingHooks} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    addEventListener("hashchange", () => void this.go());
  }

  /** @returns {string} the turn that the address names, or "" */
  wanted() {
    return TURN.exec(location.hash)?.[1] ?? "";
  }

  /** Goes to the turn that the address names, if it names one. */
  async go() {
    const id = this.wanted();
    if (!id) return;
    history.replaceState(null, "", location.pathname);  // a reload stays where one has read on
    if (!this.hooks.reveal(id)) await this.hooks.load(id);
    const turn = this.hooks.reveal(id);
    if (turn) mark(turn);
  }
}

/** @param {HTMLElement} turn */
function mark(turn) {
  turn.tabIndex = -1;
  turn.focus({ preventScroll: true });
  turn.querySelector(".found-here")?.remove();
  turn.classList.add("is-found");
  turn.prepend(element("span", { class: "found-here visually-hidden", text: "Found here." }));
  turn.addEventListener("blur", () => turn.classList.remove("is-found"), { once: true });
}
