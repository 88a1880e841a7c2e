// Where a question is written.

import { element, find, findAll, icon } from "./dom.js";

const NEARLY = 0.8;

/**
 * @typedef {object} ComposerHooks
 * @property {(text: string) => boolean} onsend whether the text was taken
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
    this.stop = /** @type {HTMLButtonElement} */ (find("[data-stop]", form));
    this.says = find("[data-composer-says]", form);
    this.chips = find("[data-chips]", form);
    this.running = false;
    this.connected = false;
    /** Nothing can be asked here any more. */
    this.gone = false;
    this.error = "";
    /** What the field has its size for. @type {string|null} */
    this.grown = null;
    /** @type {Set<string>} */
    this.left = new Set();
    this.showChips();
    this.listen();
    this.refresh();
  }

  listen() {
    this.text.addEventListener("input", () => {
      if (!this.gone) this.error = "";
      this.refresh();
    });
    this.text.addEventListener("keydown", (event) => this.pressed(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.stop.addEventListener("click", () => this.onstop());
    for (const example of findAll("[data-example]")) {
      example.addEventListener("click", () => this.put(example.dataset.example ?? ""));
    }
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    // A phone's keyboard has no Shift+Enter: there, Enter breaks the line and the button sends.
    const breaks = event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches;
    if (event.key !== "Enter" || breaks) return;
    event.preventDefault();
    this.submit();
  }

  submit() {
    const text = this.text.value.trim();
    if (!text || !this.connected || this.gone || text.length > this.limit) return;
    if (!this.onsend(text)) return;
    this.text.value = "";
    this.refresh();
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

  /** Words that were taken and are not wanted; what was written since stays. @param {string} text */
  giveBack(text) {
    this.put([text, this.text.value].filter(Boolean).join("\n"));
  }

  /** @param {{running?: boolean, connected?: boolean, gone?: boolean, error?: string}} state */
  set(state) {
    Object.assign(this, state);
    this.refresh();
  }

  refresh() {
    const { length } = this.text.value.trim();
    const over = length - this.limit;
    this.grow();
    this.text.setAttribute("aria-invalid", String(over > 0));
    this.text.placeholder = this.running ? "Ask the next question" : "Ask a question";
    this.showButtons(length > 0, this.connected && !this.gone && length > 0 && over <= 0);
    const count = length > this.limit * NEARLY ? `${length.toLocaleString()} of ${this.limit.toLocaleString()} characters` : "";
    const words = this.error || (this.connected ? "" : "Reconnecting… What you write is kept.") || (over > 0 ? `Too long by ${over.toLocaleString()} characters` : count);
    if (this.says.textContent !== words) this.says.textContent = words;
    this.says.classList.toggle("wrong", Boolean(this.error) || over > 0);
  }

  /**
   * While an answer is written, Stop stands where Send stood; what is written meanwhile brings
   * Queue beside it.
   *
   * @param {boolean} written @param {boolean} able
   */
  showButtons(written, able) {
    const focused = document.activeElement;
    this.stop.hidden = !this.running;
    this.stop.disabled = !this.connected;
    this.button.hidden = this.running && !written;
    this.button.disabled = !able;
    if (focused === this.button && this.button.hidden) this.stop.focus();
    if (focused === this.stop && this.stop.hidden) this.text.focus();
    const name = this.running ? "Queue" : "Send";
    if (this.button.dataset.does === name) return;
    this.button.dataset.does = name;
    this.button.title = this.running ? "Answered once the answers before it are done" : "";
    this.button.replaceChildren(icon("arrow-up"), element("span", { text: name }));
  }

  /** Lays the page out, and so only where what is written has changed. */
  grow() {
    if (this.grown === this.text.value) return;
    this.grown = this.text.value;
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
