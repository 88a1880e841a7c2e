// The turns on the page: one change of the document a frame, and a view that moves only when the
// reader is at its end.

import { TurnView } from "./turn-view.js";

/** @typedef {import("./turn.js").Turn} Turn */
/** @typedef {import("./turn-view.js").Actions} Actions */

const NEAR = 48;
/** So many of the last turns are set at once; what is further up waits until it is near. */
const FIRST = 4;
/** Milliseconds that it takes to set a turn, mostly. */
const ENOUGH = 4;
/** @type {(run: (deadline: {timeRemaining: () => number}) => void) => number} */
const whenIdle = window.requestIdleCallback ?? ((run) => setTimeout(() => run({ timeRemaining: () => 2 * ENOUGH }), ENOUGH));

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
    new ResizeObserver(() => this.following && this.toEnd()).observe(list);
    /** What is near enough to be laid out: only there notes need a place. */
    this.seen = new IntersectionObserver((entries) => this.nearing(entries), { root: scroller, rootMargin: "50%" });
    /** @type {Set<Element>} */
    this.near = new Set();
    /** What is not set yet, since it is not near. @type {Map<TurnView, Turn>} */
    this.later = new Map();
    this.idle = 0;
    addEventListener("beforeprint", () => [...this.later].forEach(([view, turn]) => this.bring(view, turn)));
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
    const view = this.views.get(id);
    if (view) {
      this.seen.unobserve(view.root);
      this.near.delete(view.root);
      this.later.delete(view);
      view.root.remove();
    }
    this.views.delete(id);
    this.changed.delete(id);
  }

  draw() {
    this.frame = 0;
    const turns = [...this.changed.values()];
    this.changed.clear();
    const touched = turns.map((turn, index) => {
      const known = this.views.get(turn.id);
      const view = known ?? this.add(turn);
      if (known || index >= turns.length - FIRST) this.bring(view, turn);
      else this.later.set(view, turn);
      return view;
    });
    if (this.following) this.toEnd();
    this.visible(touched).forEach((view) => view.align());
    this.showLatest();
  }

  /** @param {Turn} turn */
  add(turn) {
    const view = new TurnView(turn, this.actions);
    this.views.set(turn.id, view);
    this.list.append(view.root);
    this.seen.observe(view.root);
    return view;
  }

  /** Those of `views` that are seen. @param {TurnView[]} views */
  visible(views) {
    const { top, bottom } = this.scroller.getBoundingClientRect();
    return views.filter(({ root }) => {
      const place = root.getBoundingClientRect();
      return place.bottom > top && place.top < bottom;
    });
  }

  /**
   * Turns that stand before all others; what is being read stays where it is.
   *
   * @param {Turn[]} turns
   */
  prepend(turns) {
    const first = /** @type {HTMLElement|null} */ (this.list.firstElementChild);
    const before = first?.getBoundingClientRect().top ?? 0;
    const views = turns.map((turn) => new TurnView(turn, this.actions));
    views.forEach((view) => this.later.set(view, view.turn));
    this.list.prepend(...views.map(({ root }) => root));
    this.views = new Map([...views.map((view) => /** @type {const} */ ([view.turn.id, view])), ...this.views]);
    views.forEach((view) => this.seen.observe(view.root));
    if (first) this.scroller.scrollTop += first.getBoundingClientRect().top - before;
  }

  atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - clientHeight - scrollTop <= NEAR;
  }

  /** Where nothing was said yet the page is read from its top. */
  toEnd() {
    if (!this.views.size) return;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Shows the turn `id` from its beginning. @param {string} id @returns {HTMLElement|null} */
  reveal(id) {
    cancelAnimationFrame(this.frame);
    this.draw();
    const view = this.views.get(id);
    if (!view) return null;
    this.bring(view, this.later.get(view));
    this.following = false;
    view.root.scrollIntoView({ block: "start" });
    this.showLatest();
    return view.root;
  }

  /** Goes to the question after what is read, or before it. @param {1|-1} way */
  step(way) {
    const top = this.scroller.getBoundingClientRect().top;
    const views = [...this.views.values()];
    const below = (/** @type {TurnView} */ { root }) => root.getBoundingClientRect().top - top;
    const next = way > 0 ? views.find((view) => below(view) > 1) : views.findLast((view) => below(view) < -1);
    if (!next) return;
    next.root.tabIndex = -1;
    next.root.focus({ preventScroll: true });
    this.reveal(next.turn.id);
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
    for (const view of this.views.values()) if (this.near.has(view.root)) view.align();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  nearing(entries) {
    const came = new Set(entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target));
    for (const { target, isIntersecting } of entries) if (!isIntersecting) this.near.delete(target);
    came.forEach((target) => this.near.add(target));
    const views = [...this.views.values()].filter(({ root }) => came.has(root));
    views.forEach((view) => this.bring(view, this.later.get(view)));
    views.forEach((view) => view.align());
    if (this.later.size) this.idle ||= whenIdle((deadline) => this.bringLater(deadline));
  }

  /** @param {TurnView} view @param {Turn|undefined} turn undefined where there is nothing new */
  bring(view, turn) {
    this.later.delete(view);
    if (turn) view.update(turn, this.connected);
  }

  /** Sets what is far away, the nearest first, while nothing else is to be done. @param {{timeRemaining: () => number}} deadline */
  bringLater(deadline) {
    this.idle = 0;
    for (const [view, turn] of [...this.later].reverse()) {
      if (deadline.timeRemaining() < ENOUGH) break;
      this.bring(view, turn);
    }
    if (this.later.size) this.idle = whenIdle((next) => this.bringLater(next));
  }

  showLatest() {
    this.latest.hidden = !this.views.size || this.following || this.atEnd();
  }
}
