// The ways in for files: a button, a drop anywhere on the page, and the clipboard.

import { acceptDrops } from "../drop.js";
import { find } from "./dom.js";

/** @param {HTMLElement} page @param {(files: File[]) => void} take */
export function listenForFiles(page, take) {
  const input = /** @type {HTMLInputElement} */ (find("[data-file-input]", page));
  find("[data-attach]", page).addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = "";
  });
  document.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData ?? { files: [], types: [] };
    // What office programs copy comes as words and as a picture of them: the words are meant.
    if (!files.length || types.includes("text/plain") || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    take([...files]);
  });
  acceptDrops(find("[data-drop]", page), take);
}
