// A popover that stands beside what opened it, and the keys that go through its items.

const GAP = 6;
const EDGE = 8;

/**
 * Opens `popover` beside `anchor`, on the side that has more room. On a phone the style sheet
 * makes it a sheet from below, whatever is said here.
 *
 * @param {HTMLElement} popover @param {HTMLElement} anchor
 */
export function openBeside(popover, anchor) {
  popover.showPopover();
  const { left, top, bottom } = anchor.getBoundingClientRect();
  const above = top > innerHeight - bottom;
  const x = Math.max(EDGE, Math.min(left, innerWidth - popover.offsetWidth - EDGE));
  popover.dataset.side = above ? "above" : "below";
  popover.style.setProperty("--x", `${x}px`);
  popover.style.setProperty("--y", `${(above ? innerHeight - top : bottom) + GAP}px`);
  popover.style.setProperty("--room", `${(above ? top : innerHeight - bottom) - GAP - EDGE}px`);
}

/**
 * Arrows, Home, End and first letters go through the items of a menu; Tab leaves it.
 *
 * @param {HTMLElement} menu @param {KeyboardEvent} event
 */
export function stepThrough(menu, event) {
  const items = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll(".item")]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (at < 0) return;
  const next = wanted(items, at, event.key);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** @param {HTMLElement[]} items @param {number} at @param {string} key */
function wanted(items, at, key) {
  switch (key) {
    case "ArrowDown":
      return items[(at + 1) % items.length];
    case "ArrowUp":
      return items.at(at < 1 ? -1 : at - 1);
    case "Home":
      return items.at(0);
    case "End":
      return items.at(-1);
    default:
      return key.length === 1 && key !== " " ? named([...items.slice(at + 1), ...items.slice(0, at + 1)], key) : undefined;
  }
}

/** @param {HTMLElement[]} items @param {string} key */
function named(items, key) {
  return items.find(({ dataset }) => dataset.label?.toLowerCase().startsWith(key.toLowerCase()));
}
