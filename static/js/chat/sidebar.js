// The list of conversations: found by title, renamed, deleted, folded away.

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
    this.nothing = /** @type {HTMLElement} */ (find("[data-filter-nothing]", root));
    this.renaming = /** @type {HTMLDialogElement} */ (find("#rename-dialog"));
    this.deleting = /** @type {HTMLDialogElement} */ (find("#delete-dialog"));
    this.listen();
    this.listenToFold();
    this.mark(this.current());
  }

  listen() {
    this.filter.addEventListener("input", () => this.applyFilter());
    this.list.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("[data-rename], [data-delete]");
      if (button) this.openDialog(/** @type {HTMLElement} */ (button));
    });
    find("form", this.renaming).addEventListener("submit", (event) => this.rename(/** @type {SubmitEvent} */ (event)));
    for (const dialog of [this.renaming, this.deleting]) {
      find("[data-cancel]", dialog).addEventListener("click", () => dialog.close());
    }
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
      button.addEventListener("click", () => this.fold(!this.root.hidden, !narrow.matches));
    }
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !narrow.matches) return;
      event.stopPropagation();
      this.fold(true, false);
      /** @type {HTMLElement} */ (find("[data-fold][aria-expanded]")).focus();
    });
    find("[data-scrim]").addEventListener("click", () => this.fold(true, false));
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
    this.nothing.hidden = found > 0 || !wanted;
  }

  /** @param {HTMLElement} button */
  openDialog(button) {
    const { id = "", title = "" } = /** @type {HTMLElement} */ (button.closest("[data-id]")).dataset;
    const dialog = button.dataset.rename ? this.renaming : this.deleting;
    const form = /** @type {HTMLFormElement} */ (find("form", dialog));
    form.action = button.dataset.rename ?? button.dataset.delete ?? "";
    form.dataset.id = id;
    find("[data-error]", dialog).textContent = "";
    const input = /** @type {HTMLInputElement|null} */ (dialog.querySelector("input[name=title]"));
    if (input) input.value = title;
    else find("[data-title]", dialog).textContent = title;
    dialog.showModal();
    input?.select();
  }

  /** @param {SubmitEvent} event */
  async rename(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const title = String(new FormData(form).get("title"));
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
      const said = await answer.text();
      if (answer.status === 400) {
        find("[data-error]", this.renaming).textContent = said;
        return;
      }
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      this.replace(said);
      if (form.dataset.id === this.current()) this.ontitle(title);
      this.renaming.close();
      // The button that opened the dialog is gone with the old list.
      this.list.querySelector(`[data-id="${form.dataset.id}"] a`)?.focus();
    } catch {
      find("[data-error]", this.renaming).textContent = "The name was not changed. Try again in a moment.";
    }
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
