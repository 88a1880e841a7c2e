// The turns that the page shows, in their order: one branch of the conversation, or its end.

import { isOpen, resume } from "./turn.js";

/** @typedef {import("./turn.js").Turn} Turn */

export class Turns {
  /**
   * @param {import("./thread.js").Thread} thread
   * @param {import("./socket.js").ChatSocket} socket
   * @param {() => void} onchange what stands around the thread is to follow
   */
  constructor(thread, socket, onchange) {
    this.thread = thread;
    this.socket = socket;
    this.onchange = onchange;
    /** @type {Map<string, Turn>} */
    this.byId = new Map();
  }

  /** @returns {Turn[]} */
  get all() {
    return [...this.byId.values()];
  }

  /** @returns {Turn|undefined} the turn that is being answered */
  get running() {
    return this.all.find((turn) => turn.status === "running");
  }

  /** @param {Turn} turn */
  keep(turn) {
    const before = this.byId.get(turn.id);
    this.byId.set(turn.id, turn);
    this.thread.show(turn);
    // A word more changes nothing around the thread.
    if (before?.status !== turn.status || before.usage !== turn.usage) this.onchange();
  }

  /** Shows a turn and what happens in it. @param {Turn} turn */
  follow(turn) {
    this.keep(turn);
    if (isOpen(turn)) this.socket.follow(turn.id, 0);
  }

  /** @param {string} id */
  drop(id) {
    this.byId.delete(id);
    this.thread.remove(id);
  }

  /** Takes the turn `id` and those after it off the page. @param {string} id */
  cut(id) {
    const ids = [...this.byId.keys()];
    for (const gone of ids.slice(ids.indexOf(id))) this.drop(gone);
  }

  /** Whether one that is not done yet is `id`, or follows it. @param {string} id */
  isOpenFrom(id) {
    const { all } = this;
    return all.slice(all.findIndex((turn) => turn.id === id)).some(isOpen);
  }

  /** Shows a branch: what it shares with the one before stays as it is. @param {any[]} stored */
  show(stored) {
    const pending = this.all.filter(({ phase }) => phase === "sending");
    const ids = [...this.byId.keys()];
    const [first] = stored;
    const at = ids.indexOf(first?.id);
    // What led there and is on the page already was not fetched again.
    const before = ids.slice(at < 0 ? ids.indexOf(first?.parent) + 1 : at);
    const differs = stored.findIndex(({ id }, index) => id !== before[index]);
    const same = differs < 0 ? stored.length : differs;
    if (same < before.length) this.cut(before[same]);
    stored.slice(0, same).forEach((turn) => this.renew(turn));
    stored.slice(same).forEach((turn) => this.follow(resume(turn)));
    pending.forEach((turn) => this.keep(turn));
  }

  /** @param {any} stored a turn that is shown, as it is now */
  renew(stored) {
    const turn = /** @type {Turn} */ (this.byId.get(stored.id));
    if (!isOpen(turn) && turn.status !== stored.status) this.follow(resume(stored));
    else if (stored.siblings.length !== turn.siblings.length) this.keep({ ...turn, siblings: stored.siblings });
  }

  /** What was said before all that is shown. @param {any[]} stored */
  prepend(stored) {
    const turns = stored.map(resume);
    const later = this.all;
    this.byId.clear();
    for (const turn of [...turns, ...later]) this.byId.set(turn.id, turn);
    this.thread.prepend(turns);
    turns.filter(isOpen).forEach(({ id }) => this.socket.follow(id, 0));
  }

  /** What the page knew as `before` has its own id now, and keeps its place. @param {string} before @param {Turn} turn */
  rename(before, turn) {
    const shown = this.all;
    this.byId.clear();
    for (const one of shown) this.byId.set(one.id === before ? turn.id : one.id, one.id === before ? turn : one);
    this.thread.rename(before, turn);
    this.onchange();
  }
}
