// The turns on the page: one change of the document a frame, and a view that moves only when the
// reader is at its end.

import { TurnView } from "./turn-view.js";

/** @typedef {import("./turn.js").Turn} Turn */
/** @typedef {import("./turn-view.js").Actions} Actions */

const NEAR = 48;

/** Shows turns by id and schedules their updates. */
export class Thread {
  /**
   * @param {{scroller: HTMLElement, list: HTMLElement, latest: HTMLButtonElement}} places
   * @param {Actions} actions
   */
  constructor({ scroller, list, latest }, actions) {
    this.scroller = scroller;
    this.list = list;
    this.latest = latest;
    this.actions = actions;
    /** @type {Map<string, TurnView>} */
    this.views = new Map();
    /** @type {Map<string, Turn>} */
    this.changed = new Map();
    this.connected = true;
    this.frame = 0;
    this.following = true;
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    latest.addEventListener("click", () => this.toLatest());
    new ResizeObserver(() => this.resized()).observe(scroller);
  }

  /** @param {Turn} turn */
  show(turn) {
    this.changed.set(turn.id, turn);
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  /** @param {boolean} connected */
  showConnection(connected) {
    this.connected = connected;
    for (const view of this.views.values()) if (view.turn.phase !== "ended") this.show(this.changed.get(view.turn.id) ?? view.turn);
  }

  /** The turn that the server now knows by another id. @param {string} before @param {Turn} turn */
  rename(before, turn) {
    const view = this.views.get(before);
    this.changed.delete(before);
    if (view) {
      this.views.delete(before);
      this.views.set(turn.id, view);
    }
    this.show(turn);
  }

  /** @param {string} id */
  remove(id) {
    this.views.get(id)?.root.remove();
    this.views.delete(id);
    this.changed.delete(id);
  }

  draw() {
    this.frame = 0;
    const touched = [...this.changed.values()].map((turn) => {
      const view = this.views.get(turn.id) ?? this.add(turn);
      view.update(turn, this.connected);
      return view;
    });
    this.changed.clear();
    touched.forEach((view) => view.align());
    if (this.following) this.toEnd();
    this.showLatest();
  }

  /** @param {Turn} turn */
  add(turn) {
    const view = new TurnView(turn, this.actions);
    this.views.set(turn.id, view);
    this.list.append(view.root);
    return view;
  }

  atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - clientHeight - scrollTop <= NEAR;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Shows the turn `id` from its beginning. @param {string} id @returns {HTMLElement|null} */
  reveal(id) {
    cancelAnimationFrame(this.frame);
    this.draw();
    const view = this.views.get(id);
    if (!view) return null;
    this.following = false;
    view.root.scrollIntoView({ block: "start" });
    this.showLatest();
    return view.root;
  }

  toLatest() {
    this.following = true;
    this.toEnd();
    this.showLatest();
  }

  scrolled() {
    this.following = this.atEnd();
    this.showLatest();
  }

  resized() {
    if (this.following) this.toEnd();
    for (const view of this.views.values()) view.align();
  }

  showLatest() {
    this.latest.hidden = this.following || this.atEnd();
  }
}
