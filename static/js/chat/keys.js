// Keys of the whole page, and the dialog that tells them.

import { find, findAll } from "./dom.js";

const KEPT = "single-keys";

/**
 * What a key does, by its name in `event.key`.
 * @typedef {Record<string, () => void>} Actions
 */

export class Keys {
  /**
   * @param {HTMLDialogElement} dialog @param {Actions} actions by single keys, which act outside of fields
   * @param {() => void} escape where nothing is open that it would close
   */
  constructor(dialog, actions, escape) {
    this.dialog = dialog;
    /** @type {Actions} */
    this.actions = { ...actions, "?": () => dialog.showModal() };
    this.escape = escape;
    this.single = /** @type {HTMLInputElement} */ (find("[data-single-keys]", dialog));
    this.single.checked = kept() !== "off";
    this.single.addEventListener("change", () => keep(this.single.checked ? "on" : "off"));
    document.addEventListener("keydown", (event) => this.pressed(event));
    if (/Mac|iP/.test(navigator.platform)) nameCommand();
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open], :popover-open")) return;
    if (event.key === "Escape") this.escape();
    const writing = /** @type {HTMLElement} */ (event.target).closest("input, textarea, select");
    if (writing || event.ctrlKey || event.metaKey || event.altKey || !this.single.checked) return;
    const act = this.actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

/** On a Mac the key beside the space bar does what Control does elsewhere. */
function nameCommand() {
  for (const key of findAll("kbd")) key.textContent = (key.textContent ?? "").replace("Ctrl", "⌘");
}

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** @param {string} value */
function keep(value) {
  try {
    localStorage.setItem(KEPT, value);
  } catch {
    // Storage is refused: the choice lasts for this page.
  }
}
