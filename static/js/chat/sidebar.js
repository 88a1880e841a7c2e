// The list of conversations: filtered by title, walked by keys, folded away.

import { find, findAll } from "./dom.js";

const NARROW = "(max-width: 52rem)";

/** The left side of the page. */
export class Sidebar {
  /** @param {HTMLElement} root @param {{list: string}} addresses where the list is fetched from */
  constructor(root, { list }) {
    this.root = root;
    this.address = list;
    this.list = find("[data-conversation-list]", root);
    this.filter = /** @type {HTMLInputElement} */ (find("[data-filter]", root));
    this.listen();
    this.listenToFold();
    this.mark(this.current());
  }

  listen() {
    this.root.addEventListener("keydown", (event) => this.walk(event));
  }

  listenToFold() {
    const narrow = matchMedia(NARROW);
    const fold = () => {
      const folded = narrow.matches || localStorageSays("sidebar") === "folded";
      this.fold(folded, false);
    };
    narrow.addEventListener("change", fold);
    fold();
    for (const button of findAll("[data-fold]")) {
      button.addEventListener("click", () => this.toggle());
    }
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !narrow.matches || document.querySelector(":popover-open")) return;
      event.stopPropagation();
      this.fold(true, false);
      /** @type {HTMLElement} */ (find("[data-fold][aria-expanded]")).focus();
    });
    find("[data-scrim]").addEventListener("click", () => this.closeDrawer());
  }

  /** @param {boolean} folded @param {boolean} keep whether it is to stay so */
  fold(folded, keep) {
    const drawer = matchMedia(NARROW).matches;
    this.root.hidden = folded;
    /** @type {HTMLElement} */ (find("[data-scrim]")).hidden = folded || !drawer;
    /** @type {HTMLElement} */ (find("[data-centre]")).inert = drawer && !folded;
    if (drawer && !folded && this.root.dataset.ready) this.filter.focus();
    this.root.dataset.ready = "yes";
    for (const button of findAll("[data-fold][aria-expanded]")) {
      button.setAttribute("aria-expanded", String(!folded));
    }
    if (keep) localStorageKeeps("sidebar", folded ? "folded" : "open");
  }

  toggle() {
    this.fold(!this.root.hidden, !matchMedia(NARROW).matches);
  }

  /** On a phone the list covers the page, which is wanted now. */
  closeDrawer() {
    if (matchMedia(NARROW).matches) this.fold(true, false);
  }

  /** From one row to the next by the arrow keys. @param {KeyboardEvent} event */
  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = [this.filter, ...this.rows()];
    const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (!step || at < 0) return;
    event.preventDefault();
    rows[at + step]?.focus();
  }

  /** The links that are seen. @returns {HTMLElement[]} */
  rows() {
    return findAll("[data-id]:not([hidden]) a, [data-found]:not([hidden]) a", this.root);
  }

  /** The row of a conversation. @param {string} id @returns {HTMLElement|null} */
  row(id) {
    return this.list.querySelector(`[data-id="${id}"]`);
  }

  /** @returns {string} the id of the conversation whose page this is, or "" */
  current() {
    return /\/c\/([0-9a-f-]{36})/.exec(location.pathname)?.[1] ?? "";
  }

  /** @param {string} id */
  mark(id) {
    for (const item of findAll("[data-id]", this.list)) {
      const link = find("a", item);
      if (item.dataset.id === id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** Leaves those whose title has the words. @returns {number} how many those are */
  applyFilter() {
    const wanted = this.filter.value.trim().toLocaleLowerCase();
    let found = 0;
    for (const item of findAll("[data-id]", this.list)) {
      item.hidden = !(item.dataset.title ?? "").toLocaleLowerCase().includes(wanted);
      found += item.hidden ? 0 : 1;
    }
    for (const group of findAll("[data-group]", this.list)) {
      group.hidden = !group.querySelector("[data-id]:not([hidden])");
    }
    return found;
  }

  /** @param {string} title of this page's conversation, after it was renamed */
  ontitle(title) {
    find("[data-conversation-title]").textContent = title;
    document.title = `${title} · Parapet`;
  }

  /** Fetches the list anew, after a conversation was begun. */
  async reload() {
    if (!this.address) return;
    try {
      const answer = await fetch(this.address);
      if (answer.ok && !answer.redirected) this.replace(await answer.text());
    } catch {
      // The list is as it was; the next page brings the new one.
    }
  }

  /** @param {string} html our own template's, with every title escaped by it */
  replace(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const list = page.querySelector("[data-conversation-list]") ?? page.body;
    this.list.replaceChildren(...list.childNodes);
    this.mark(this.current());
    this.applyFilter();
  }
}

/** @param {string} key */
function localStorageSays(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
function localStorageKeeps(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is refused: the choice lasts for this page.
  }
}
