// What was said before: the page begins with the last turns, and fetches more as one scrolls up.

import { element, icon } from "./dom.js";

const AHEAD = "1200px";
const FAILED = "What was said before cannot be shown at the moment.";

/**
 * @typedef {object} EarlierHooks
 * @property {() => {id: string, parent?: string|null}|undefined} first the first turn on the page
 * @property {() => string|null} conversation
 * @property {(turns: any[]) => void} onturns they stand before all others
 */

export class Earlier {
  /** @param {HTMLElement} place above the turns @param {HTMLElement} scroller @param {EarlierHooks} hooks */
  constructor(place, scroller, hooks) {
    this.place = place;
    this.hooks = hooks;
    /** @type {Promise<void>|null} */
    this.loading = null;
    this.button = element("button", { type: "button", class: "button quiet compact", onclick: () => void this.load() }, icon("arrow-up"), "Show what was said before");
    this.says = element("p", { class: "muted small", role: "status" });
    place.append(this.button, this.says);
    this.watcher = new IntersectionObserver(
      ([seen]) => {
        if (seen.isIntersecting && !this.says.textContent) void this.load();
      },
      { root: scroller, rootMargin: `${AHEAD} 0px 0px` },
    );
  }

  /** Whether there is more: what stands first follows something. */
  get more() {
    return Boolean(this.hooks.first()?.parent);
  }

  /** Once the page has what it begins with, or something else. */
  refresh() {
    this.place.hidden = !this.more;
    this.watcher.unobserve(this.place);
    if (this.more) this.watcher.observe(this.place);  // it tells anew whether it is near
  }

  /** Fetches the turns before the first; one fetch at a time. */
  load() {
    this.loading ??= this.fetch().finally(() => {
      this.loading = null;
      this.refresh();
    });
    return this.loading;
  }

  async fetch() {
    const first = this.hooks.first();
    if (!first?.parent) return;
    try {
      const answer = await fetch(`/c/${this.hooks.conversation()}/turns/?before=${first.id}`);
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const { turns } = await answer.json();
      this.says.textContent = "";
      if (this.hooks.first()?.id === first.id) this.hooks.onturns(turns);
    } catch {
      this.says.textContent = FAILED;
    }
  }

  /** Fetches until `has` says that it is enough, or there is no more. @param {() => boolean} has */
  async until(has) {
    while (!has() && this.more) {
      await this.load();
      if (this.says.textContent) return;
    }
  }
}
