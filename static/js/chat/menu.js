// The menu of a conversation: one for all of them, opened beside the button that was pressed.

import { find, findAll } from "./dom.js";

const GAP = 4;

/**
 * A conversation as its row in the list tells it.
 * @typedef {{id: string, title: string, pinned: boolean}} Listed
 */

/** The menu, and which conversation it is about. */
export class ConversationMenu {
  /** @param {HTMLElement} root @param {(what: string, about: Listed) => void} onchoice */
  constructor(root, onchoice) {
    this.root = root;
    this.items = findAll("[role=menuitem]", root);
    /** @type {Listed|null} */
    this.about = null;
    /** @type {HTMLElement|null} the button that opened it */
    this.opener = null;
    root.addEventListener("keydown", (event) => this.pressed(event));
    root.addEventListener("toggle", (event) => this.toggled(/** @type {ToggleEvent} */ (event).newState === "open"));
    for (const item of this.items) {
      item.addEventListener("click", () => {
        const { about } = this;
        this.close();
        if (about) onchoice(item.dataset.do ?? "", about);
      });
    }
  }

  /** @param {HTMLElement} opener @param {Listed} about */
  open(opener, about) {
    const again = this.opener === opener && this.root.matches(":popover-open");
    if (again) return this.close();
    this.opener = opener;
    this.about = about;
    const pin = find("[data-do=pin]", this.root);
    find("[data-label]", pin).textContent = about.pinned ? "Unpin" : "Pin";
    this.root.classList.toggle("keyless", !opener.closest("[data-id]"));  // the keys are the list's
    this.root.showPopover();
    this.place(opener.getBoundingClientRect());
    this.items[0].focus();
  }

  close() {
    this.root.hidePopover();
  }

  /** Under its button, or above it where there is no room. @param {DOMRect} button */
  place({ top, bottom, right }) {
    const { offsetWidth, offsetHeight, style } = this.root;
    const below = bottom + GAP + offsetHeight <= innerHeight;
    style.top = `${Math.max(GAP, below ? bottom + GAP : top - GAP - offsetHeight)}px`;
    style.left = `${Math.min(Math.max(GAP, right - offsetWidth), innerWidth - offsetWidth - GAP)}px`;
  }

  /** @param {boolean} open */
  toggled(open) {
    this.opener?.setAttribute("aria-expanded", String(open));
    if (open) return;
    if (this.root.contains(document.activeElement) || document.activeElement === document.body) this.opener?.focus();
    this.opener = null;
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const at = this.items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Tab") this.close();
    if (next === undefined) return;
    event.preventDefault();
    this.items.at(next % this.items.length)?.focus();
  }
}
