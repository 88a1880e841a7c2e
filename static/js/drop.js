// The whole page takes a drop of files.

/**
 * @param {HTMLElement} veil shown while files are held over the page
 * @param {(files: File[]) => void} take
 */
export function acceptDrops(veil, take) {
  // Each element under the pointer sends its own enter and leave: count them.
  let depth = 0;
  const holdsFiles = (/** @type {DragEvent} */ event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const show = () => { veil.hidden = depth === 0; };

  addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth += 1;
    show();
  });
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth ||= 1; // whatever was missed, it is over the page now
    show();
  });
  addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth = Math.max(0, depth - 1);
    show();
  });
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show();
    take([...(event.dataTransfer?.files ?? [])]);
  });
}
