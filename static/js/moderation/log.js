// The log by keyboard: J and K move through the list, Enter opens (a link does that by itself),
// "/" searches, Escape leads back to the list. Moving opens nothing, since each opening is recorded.

const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".log-table a.open")]);

const current = () => document.querySelector(".log-table tr[aria-current]");

/** @param {number} step */
function move(step) {
  const links = rows();
  if (!links.length) return;
  const row = document.activeElement?.closest(".log-table tr") ?? current();
  const from = links.findIndex((link) => link.closest("tr") === row);
  const next = from < 0 ? 0 : Math.min(links.length - 1, Math.max(0, from + step));
  links[next].focus();
  links[next].closest("tr").scrollIntoView({ block: "nearest" });
}

/** @param {EventTarget | null} target */
function isWriting(target) {
  return target instanceof HTMLElement && target.matches("input, select, textarea");
}

/** @type {Record<string, (event: KeyboardEvent) => void>} */
const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  "/": (event) => {
    event.preventDefault();
    document.querySelector(".log-filters").open = true;
    document.querySelector(".log-filters input[type=search]").focus();
  },
  Escape: () => current()?.querySelector("a.open").focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isWriting(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  KEYS[event.key]?.(event);
});

document.addEventListener("htmx:after:swap", () => {
  const entry = /** @type {HTMLElement | null} */ (document.querySelector("#entry[data-entry]"));
  if (!entry) return;
  for (const row of document.querySelectorAll(".log-table tr[data-row]")) {
    if (row.dataset.row === entry.dataset.entry) row.ariaCurrent = "true";
    else row.removeAttribute("aria-current");
  }
  document.title = `Entry ${entry.dataset.entry} · Moderation log · Parapet`;
  entry.scrollTop = 0;
  // On a phone the entry takes the list's place, and so the focus too.
  if (!document.querySelector(".log-list").checkVisibility()) entry.querySelector("h2").focus();
});

// Filters that are not used stay out of the address.
document.querySelector(".log-filters form").addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});
