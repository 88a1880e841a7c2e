// The button that copies a new key, which can be seen once.

import { copy, find } from "../chat/dom.js";

const field = document.querySelector("[data-new-key]");
if (field instanceof HTMLInputElement) {
  const button = /** @type {HTMLButtonElement} */ (find("[data-copy-key]", document));
  button.hidden = false;
  button.addEventListener("click", () => copy(button, field.value));
  field.select();
}
