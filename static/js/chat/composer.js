// Where a question is written.

import { element, find, icon } from "./dom.js";

const NEARLY = 0.8;

/**
 * @typedef {object} ComposerHooks
 * @property {(text: string) => void} onsend
 * @property {() => void} onstop
 */

/** The text field, its button, its chips and what it says. */
export class Composer {
  /**
   * @param {HTMLFormElement} form
   * @param {{limit: number, collections: {id: string, name: string}[]}} given
   * @param {ComposerHooks} hooks
   */
  constructor(form, { limit, collections }, { onsend, onstop }) {
    this.form = form;
    this.limit = limit;
    this.collections = collections;
    this.onsend = onsend;
    this.onstop = onstop;
    this.text = /** @type {HTMLTextAreaElement} */ (find("textarea", form));
    this.button = /** @type {HTMLButtonElement} */ (find("[data-send]", form));
    this.says = find("[data-composer-says]", form);
    this.chips = find("[data-chips]", form);
    this.running = false;
    this.connected = false;
    this.error = "";
    /** @type {Set<string>} */
    this.left = new Set();
    this.showChips();
    this.listen();
    this.refresh();
  }

  listen() {
    this.text.addEventListener("input", () => {
      this.error = "";
      this.refresh();
    });
    this.text.addEventListener("keydown", (event) => this.pressed(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.running) this.onstop();
      else this.submit();
    });
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    // A phone's keyboard has no Shift+Enter: there, Enter breaks the line and the button sends.
    const breaks = event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches;
    if (event.key !== "Enter" || breaks) return;
    event.preventDefault();
    if (!this.running) this.submit();
  }

  submit() {
    const text = this.text.value.trim();
    if (!text || !this.connected || text.length > this.limit) return;
    this.text.value = "";
    this.refresh();
    this.onsend(text);
  }

  /** Ids to search, or null for all of them. @returns {string[]|null} */
  chosen() {
    if (!this.left.size) return null;
    return this.collections.map(({ id }) => id).filter((id) => !this.left.has(id));
  }

  /** @param {string} text */
  put(text) {
    this.text.value = text;
    this.refresh();
    this.text.focus();
    this.text.setSelectionRange(text.length, text.length);
  }

  /** @param {{running?: boolean, connected?: boolean, error?: string}} state */
  set(state) {
    Object.assign(this, state);
    this.refresh();
  }

  refresh() {
    const { length } = this.text.value.trim();
    const over = length - this.limit;
    this.grow();
    this.text.setAttribute("aria-invalid", String(over > 0));
    this.showButton(this.running ? this.connected : this.connected && length > 0 && over <= 0);
    const count = length > this.limit * NEARLY ? `${length.toLocaleString()} of ${this.limit.toLocaleString()} characters` : "";
    const words = this.error || (this.connected ? "" : "Reconnecting… What you write is kept.") || (over > 0 ? `Too long by ${over.toLocaleString()} characters` : count);
    if (this.says.textContent !== words) this.says.textContent = words;
    this.says.classList.toggle("wrong", Boolean(this.error) || over > 0);
  }

  /** @param {boolean} able */
  showButton(able) {
    this.button.disabled = !able;
    const name = this.running ? "Stop" : "Send";
    if (this.button.dataset.does === name) return;
    this.button.dataset.does = name;
    this.button.classList.toggle("primary", !this.running);
    this.button.replaceChildren(icon(this.running ? "square" : "arrow-up"), element("span", { text: name }));
  }

  grow() {
    this.text.style.blockSize = "auto";
    this.text.style.blockSize = `${this.text.scrollHeight + 2}px`;
  }

  showChips() {
    if (!this.collections.length) {
      this.chips.replaceChildren(element("span", { class: "muted", text: "No collection is open to you: answers come from the model alone." }));
      return;
    }
    this.chips.replaceChildren(...this.collections.map((collection) => this.chip(collection)));
  }

  /** @param {{id: string, name: string}} collection */
  chip({ id, name }) {
    const chip = element(
      "button",
      { type: "button", class: "chip", "aria-pressed": "true", onclick: () => this.toggle(id, chip) },
      icon("check"),
      element("bdi", { class: "truncate", text: name }),
    );
    return chip;
  }

  /** @param {string} id @param {HTMLElement} chip */
  toggle(id, chip) {
    if (!this.left.delete(id)) this.left.add(id);
    const on = !this.left.has(id);
    chip.setAttribute("aria-pressed", String(on));
    chip.querySelector(".icon")?.replaceWith(icon(on ? "check" : "plus"));
  }
}
