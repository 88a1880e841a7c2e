// One quiet sentence about what was just done, with a way to undo it for some seconds.

import { element, icon } from "./dom.js";

const SECONDS = 10;

/** @typedef {{label: string, run: () => void}} Undo */

export class Toast {
  /** @param {HTMLElement} root where it is shown */
  constructor(root) {
    this.root = root;
    /** @type {Undo|null} */
    this.undo = null;
    this.timer = 0;
    for (const kind of ["pointerenter", "focusin"]) root.addEventListener(kind, () => this.stay());
    for (const kind of ["pointerleave", "focusout"]) root.addEventListener(kind, () => this.leaveSoon());
    document.addEventListener("keydown", (event) => this.pressed(event));
  }

  /** @param {string} words @param {Undo|null} undo */
  show(words, undo = null) {
    this.undo = undo;
    const button = undo && element(
      "button",
      { type: "button", class: "button compact", title: `${undo.label} (Ctrl+Z)`, onclick: () => this.run() },
      icon("undo-2"),
      undo.label,
    );
    const close = element("button", { type: "button", class: "button quiet compact square", "aria-label": "Close", onclick: () => this.hide() }, icon("x"));
    this.root.replaceChildren(element("p", { dir: "auto", text: words }), ...(button ? [button] : []), close);
    this.root.hidden = false;
    this.leaveSoon();
  }

  hide() {
    this.stay();
    this.undo = null;
    this.root.hidden = true;
    this.root.replaceChildren();
  }

  run() {
    const { undo } = this;
    this.hide();
    undo?.run();
  }

  /** Nobody is to lose it who is about to press it. */
  stay() {
    clearTimeout(this.timer);
  }

  leaveSoon() {
    this.stay();
    this.timer = setTimeout(() => this.hide(), SECONDS * 1000);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const field = /** @type {HTMLInputElement|null} */ (/** @type {HTMLElement} */ (event.target).closest("input, textarea"));
    if (!this.undo || field?.value || event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.run();
  }
}
