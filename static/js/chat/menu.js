// The menu of a conversation: one for all of them, opened beside the button that was pressed.

import { find, findAll } from "./dom.js";
import { openBeside, stepThrough } from "./popover.js";

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
    /** @type {Element|null} the button that was pressed while it was open */
    this.pressed = null;
    const press = (/** @type {PointerEvent} */ { target }) => {
      this.pressed = root.matches(":popover-open") ? /** @type {Element} */ (target).closest("[data-more]") : null;
    };
    document.addEventListener("pointerdown", press, { capture: true });
    root.addEventListener("keydown", (event) => stepThrough(root, event));
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
    const again = this.pressed === opener;
    this.pressed = null;
    if (again) return;  // the press has closed it
    this.opener = opener;
    this.about = about;
    const pin = /** @type {HTMLElement} */ (find("[data-do=pin]", this.root));
    pin.dataset.label = find("span", pin).textContent = about.pinned ? "Unpin" : "Pin";
    for (const link of this.items.filter(({ dataset }) => dataset.format)) {
      link.setAttribute("href", `/c/${about.id}/export.${link.dataset.format}`);
    }
    this.root.classList.toggle("keyless", !opener.closest("[data-id]"));  // the keys are the list's
    openBeside(this.root, opener);
    this.items[0].focus();
  }

  close() {
    this.root.hidePopover();
  }

  /** @param {boolean} open */
  toggled(open) {
    this.opener?.setAttribute("aria-expanded", String(open));
    if (open) return;
    if (this.root.contains(document.activeElement) || document.activeElement === document.body) this.opener?.focus();
    this.opener = null;
  }
}
