// What is done with a conversation of the list: by the menu of its row or of the page, or by keys.

import { find } from "./dom.js";
import { ConversationMenu } from "./menu.js";
import { post } from "./post.js";
import { Toast } from "./toast.js";

/** @typedef {import("./menu.js").Listed} Listed */
/** @typedef {import("./sidebar.js").Sidebar} Sidebar */

const DELETED = "#deleted=";
/** @type {Record<string, string>} */
const KEYS = { p: "pin", P: "pin", F2: "rename", Delete: "delete" };

/** Pins, renames and deletes. */
export class ListActions {
  /** @param {Sidebar} sidebar @param {(words: string) => void} say to screen readers */
  constructor(sidebar, say) {
    this.sidebar = sidebar;
    this.say = say;
    this.toast = new Toast(find("[data-toast]"));
    this.renaming = /** @type {HTMLDialogElement} */ (find("#rename-dialog"));
    this.menu = new ConversationMenu(find("#conversation-menu"), (what, about) => this.start(what, about));
    this.listen();
    this.tellDeleted();
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
    find("[data-cancel]", this.renaming).addEventListener("click", () => this.renaming.close());
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
    else if (what === "rename") this.startRenaming(about);
    else if (what === "delete") void this.delete(about);
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

  /**
   * Shows the list anew, with the focus on the row of `id`, or where it was, if it was there.
   *
   * @param {string} html @param {string} id
   */
  refresh(html, id) {
    const { list } = this.sidebar;
    const row = /** @type {HTMLElement|null|undefined} */ (document.activeElement?.closest("[data-id]"));
    const inside = list.contains(document.activeElement);
    this.sidebar.replace(html);
    if (inside) this.sidebar.row(id || (row?.dataset.id ?? ""))?.querySelector("a")?.focus();
  }

  /** Takes it out of the list at once; the page of what is deleted gives way. @param {Listed} about */
  async delete({ id, title }) {
    this.leave(id);
    try {
      const answer = await post(`/c/${id}/delete/`);
      if (id === this.sidebar.current()) return location.assign(`/${DELETED}${id}`);
      this.refresh(await answer.text(), "");
      this.offerUndo(id, title);
    } catch {
      await this.sidebar.reload();
      this.tell(`“${title}” could not be deleted. Try again in a moment.`);
    }
  }

  /** Hides a row, and moves the focus on where it was there. @param {string} id */
  leave(id) {
    const row = this.sidebar.row(id);
    const inside = row?.contains(document.activeElement);
    const rows = this.sidebar.rows();
    const at = rows.findIndex((link) => row?.contains(link));
    if (row) row.hidden = true;
    if (inside) (rows[at + 1] ?? rows[at - 1] ?? this.sidebar.filter).focus();
  }

  /** After a page whose conversation was deleted. */
  tellDeleted() {
    if (!location.hash.startsWith(DELETED)) return;
    const id = location.hash.slice(DELETED.length);
    history.replaceState(null, "", location.pathname);
    this.offerUndo(id, "");
  }

  /** @param {string} id @param {string} title "" where its page is gone */
  offerUndo(id, title) {
    const words = title ? `“${title}” was deleted.` : "The conversation was deleted.";
    this.toast.show(words, { label: "Undo", run: () => void this.restore(id, !title) });
    this.say(`${words} Undo it with Control Z.`);
  }

  /** @param {string} id @param {boolean} open whether its page is to be shown again */
  async restore(id, open) {
    try {
      const answer = await post(`/c/${id}/restore/`);
      if (open) return location.assign(`/c/${id}/`);
      this.sidebar.replace(await answer.text());
      this.sidebar.row(id)?.querySelector("a")?.focus();
      this.say("The conversation is back.");
    } catch (error) {
      const late = error instanceof Error && error.message === "404";
      this.tell(late ? "It is too late: the conversation is gone." : "The conversation could not be put back. Try again in a moment.");
    }
  }

  /** @param {string} words */
  tell(words) {
    this.toast.show(words);
    this.say(words);
  }

  /** @param {Listed} about */
  startRenaming({ id, title }) {
    const form = /** @type {HTMLFormElement} */ (find("form", this.renaming));
    const input = /** @type {HTMLInputElement} */ (find("input[name=title]", form));
    form.action = `/c/${id}/rename/`;
    form.dataset.id = id;
    find("[data-error]", form).textContent = "";
    input.value = title;
    this.renaming.showModal();
    input.select();
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
