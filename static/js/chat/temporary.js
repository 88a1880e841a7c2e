// A temporary conversation: chosen before the first question, marked throughout, closed for good.

import { find } from "./dom.js";

const ON = "The next conversation will be temporary.";
const OFF = "The next conversation will be kept.";

/** Whether this page's conversation is temporary, or will be. */
export class Temporary {
  /** @param {HTMLElement} page @param {(words: string) => void} say to screen readers */
  constructor(page, say) {
    this.page = page;
    this.on = page.classList.contains("is-temporary");
    this.choice = find("[data-temporary]", page);
    this.badge = /** @type {HTMLElement} */ (find("[data-temporary-badge]", page));
    this.form = /** @type {HTMLFormElement} */ (find("[data-temporary-close]", page));
    this.choice.addEventListener("click", () => {
      this.set(!this.on);
      say(this.on ? ON : OFF);
    });
    this.begun(page.dataset.conversation || null);
  }

  /** @param {boolean} on */
  set(on) {
    this.on = on;
    this.choice.setAttribute("aria-pressed", String(on));
    this.page.classList.toggle("is-temporary", on);
  }

  /** What a first question says of it. @param {string|null} conversation @returns {{temporary?: true}} */
  wanted(conversation) {
    return this.on && !conversation ? { temporary: true } : {};
  }

  /** The page has a conversation now. @param {string|null} conversation */
  begun(conversation) {
    this.badge.hidden = !this.on || !conversation;
    if (conversation) this.form.action = `/c/${conversation}/close/`;
  }
}
