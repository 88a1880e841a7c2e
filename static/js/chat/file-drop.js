// The ways in for files: a button, a drop anywhere on the page, and the clipboard.

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
  listenToDrops(find("[data-drop]", page), take);
}

/** @param {HTMLElement} veil @param {(files: File[]) => void} take */
function listenToDrops(veil, take) {
  const holds = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!holds(event)) return;
    event.preventDefault();
    take([...(event.dataTransfer?.files ?? [])]);
  });
}
