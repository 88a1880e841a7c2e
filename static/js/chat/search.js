// Search in all conversations: titles at once in the list, questions and answers by the server.

import { element, find } from "./dom.js";
import { post } from "./post.js";
import { counted } from "./words.js";

const PAUSE = 200;

/**
 * What the server has found, as docs/protocol.md describes it.
 * @typedef {{text: string, found: boolean}} Piece
 * @typedef {{conversation: string, title: Piece[], turn: string|null, snippet: Piece[], when: string}} Found
 *
 * @typedef {import("./sidebar.js").Sidebar} Sidebar
 */

export class Search {
  /** @param {Sidebar} sidebar */
  constructor(sidebar) {
    this.sidebar = sidebar;
    this.field = sidebar.filter;
    this.address = this.field.dataset.address ?? "";
    this.says = find("[data-search-says]", sidebar.root);
    this.place = /** @type {HTMLElement} */ (find("[data-found]", sidebar.root));
    this.list = find("ul", this.place);
    this.timer = 0;
    /** @type {AbortController|null} of the search that runs */
    this.running = null;
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    this.list.addEventListener("click", () => sidebar.closeDrawer());
    document.addEventListener("keydown", (event) => this.called(event));
  }

  /** Control K, or Command K, from anywhere. @param {KeyboardEvent} event */
  called(event) {
    const wanted = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    if (!wanted || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (this.sidebar.root.hidden) this.sidebar.fold(false, false);
    this.field.focus();
    this.field.select();
  }

  /** Enter opens what stands first; Escape empties the field, and only then does more. @param {KeyboardEvent} event */
  pressed(event) {
    const words = this.field.value.trim();
    if (event.key === "Enter" && words) this.sidebar.rows()[0]?.click();
    if (event.key !== "Escape" || !this.field.value) return;
    event.stopPropagation();
    event.preventDefault();
    this.field.value = "";
    this.changed();
  }

  changed() {
    clearTimeout(this.timer);
    this.running?.abort();
    const words = this.field.value.trim();
    this.titles = this.sidebar.applyFilter();
    if (!words) this.show([], "");
    else this.timer = setTimeout(() => void this.ask(words), PAUSE);
  }

  /** @param {string} words */
  async ask(words) {
    const running = (this.running = new AbortController());
    try {
      const answer = await post(this.address, { q: words }, running.signal);
      const { found } = await answer.json();
      const more = found.filter((/** @type {Found} */ each) => each.turn || !this.sidebar.row(each.conversation));
      this.show(more, this.told(more.length));
    } catch {
      if (!running.signal.aborted) this.show([], "Only titles were searched: the server did not answer. Try again in a moment.");
    }
  }

  /** @param {number} found beside the titles of the list */
  told(found) {
    const titles = this.titles ?? 0;
    if (!titles && !found) return "Nothing has all these words.";
    return [titles && counted(titles, "title"), found && counted(found, "answer")].filter(Boolean).join(", ");
  }

  /** @param {Found[]} found @param {string} words what is said of it */
  show(found, words) {
    this.list.replaceChildren(...found.map(row));
    this.place.hidden = !found.length;
    this.says.textContent = words;
  }
}

/** @param {Found} found */
function row({ conversation, title, turn, snippet, when }) {
  const href = `/c/${conversation}/${turn ? `#turn-${turn}` : ""}`;
  const day = new Date(when);
  return element(
    "li",
    {},
    element(
      "a",
      { href, class: "found" },
      element("span", { class: "title truncate", dir: "auto" }, ...title.map(marked)),
      snippet.length ? element("span", { class: "snippet", dir: "auto" }, ...snippet.map(marked)) : null,
      element("time", { datetime: when, title: day.toLocaleString(), text: day.toLocaleDateString(undefined, { dateStyle: "medium" }) }),
    ),
  );
}

/** @param {Piece} piece */
function marked({ text, found }) {
  return found ? element("mark", { text }) : document.createTextNode(text);
}
