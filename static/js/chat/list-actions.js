// What is done with a conversation of the list: by the menu of its row or of the page, or by keys.

import { find } from "./dom.js";
import { ConversationMenu } from "./menu.js";
import { post } from "./post.js";

/** @typedef {import("./menu.js").Listed} Listed */
/** @typedef {import("./sidebar.js").Sidebar} Sidebar */

/** @type {Record<string, string>} */
const KEYS = { p: "pin", P: "pin", F2: "rename", Delete: "delete" };

/** Pins, renames and deletes. */
export class ListActions {
  /** @param {Sidebar} sidebar @param {(words: string) => void} say to screen readers */
  constructor(sidebar, say) {
    this.sidebar = sidebar;
    this.say = say;
    this.renaming = /** @type {HTMLDialogElement} */ (find("#rename-dialog"));
    this.deleting = /** @type {HTMLDialogElement} */ (find("#delete-dialog"));
    this.menu = new ConversationMenu(find("#conversation-menu"), (what, about) => this.start(what, about));
    this.listen();
  }

  listen() {
    document.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("[data-more]");
      const about = button && this.about(/** @type {HTMLElement} */ (button));
      if (about) this.menu.open(/** @type {HTMLElement} */ (button), about);
    });
    this.sidebar.list.addEventListener("keydown", (event) => {
      const what = KEYS[event.key];
      if (!what || event.ctrlKey || event.metaKey || event.altKey) return;
      const about = this.about(/** @type {HTMLElement} */ (event.target));
      if (about) this.start(what, about);
      event.preventDefault();
    });
    find("form", this.renaming).addEventListener("submit", (event) => this.rename(/** @type {SubmitEvent} */ (event)));
    for (const dialog of [this.renaming, this.deleting]) {
      find("[data-cancel]", dialog).addEventListener("click", () => dialog.close());
    }
  }

  /** The conversation that `place` belongs to. @param {HTMLElement} place @returns {Listed|null} */
  about(place) {
    const current = this.sidebar.current();
    const row = /** @type {HTMLElement|null} */ (place.closest("[data-id]")) ?? this.sidebar.row(current);
    if (row) return { id: row.dataset.id ?? "", title: row.dataset.title ?? "", pinned: row.dataset.pinned === "yes" };
    const title = find("[data-conversation-title]").textContent ?? "";
    return current ? { id: current, title, pinned: false } : null;
  }

  /** @param {string} what @param {Listed} about */
  start(what, about) {
    if (what === "pin") void this.pin(about);
    else if (what === "rename") this.openDialog(this.renaming, about, "rename");
    else if (what === "delete") this.openDialog(this.deleting, about, "delete");
  }

  /** @param {Listed} about */
  async pin({ id, title, pinned }) {
    try {
      const answer = await post(`/c/${id}/pin/`, { pinned: pinned ? "no" : "yes" });
      this.refresh(await answer.text(), id);
      this.say(pinned ? `“${title}” is not pinned any more.` : `“${title}” is pinned.`);
    } catch {
      this.say("The conversation could not be pinned. Try again in a moment.");
    }
  }

  /** Shows the list anew, with the focus where it was. @param {string} html @param {string} id */
  refresh(html, id) {
    const inside = this.sidebar.list.contains(document.activeElement);
    this.sidebar.replace(html);
    if (inside) this.sidebar.row(id)?.querySelector("a")?.focus();
  }

  /** @param {HTMLDialogElement} dialog @param {Listed} about @param {string} what */
  openDialog(dialog, { id, title }, what) {
    const form = /** @type {HTMLFormElement} */ (find("form", dialog));
    form.action = `/c/${id}/${what}/`;
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
      this.renamed(form.dataset.id ?? "", title, said);
    } catch {
      find("[data-error]", this.renaming).textContent = "The name was not changed. Try again in a moment.";
    }
  }

  /** @param {string} id @param {string} title @param {string} list */
  renamed(id, title, list) {
    this.renaming.close();  // it gives the focus back to the row, which the new list replaces
    this.refresh(list, id);
    if (id === this.sidebar.current()) this.sidebar.ontitle(title);
  }
}
