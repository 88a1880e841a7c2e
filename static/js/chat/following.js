// The open conversation as the server tells it, whichever window something was done in: questions
// that were asked elsewhere appear here, and so does a new name or the end of it all.

import { newTurn } from "./turn.js";

/** @typedef {import("./turn.js").Turn} Turn */
/** @typedef {import("./socket.js").Frame} Frame */

/**
 * @typedef {object} FollowingHooks
 * @property {(turn: Turn) => void} onturn a question from elsewhere goes on where the page stands
 * @property {() => Promise<void>} reload shows the branch that the server shows
 * @property {(title: string) => void} ontitle
 */

export class Following {
  /** @param {Map<string, Turn>} turns those on the page, in order @param {FollowingHooks} hooks */
  constructor(turns, hooks) {
    this.turns = turns;
    this.hooks = hooks;
    this.reloading = false;
    this.stale = false;
  }

  /** @param {Frame} frame `following`, `turn` or `renamed` */
  told(frame) {
    if (frame.type === "turn") this.turn(frame);
    else this.hooks.ontitle(frame.title);
    if (frame.type === "following" && frame.turns.some((/** @type {any} */ turn) => this.isNews(turn))) void this.reload();
  }

  /** @param {Frame} frame */
  turn({ turn: id, parent, client_id: clientId, question, images = [], status }) {
    if (this.turns.has(clientId) || !this.isNews({ turn: id, parent })) return;
    const [last] = [...this.turns.keys()].slice(-1);
    if (question === undefined || parent !== (last ?? null)) {
      void this.reload();
      return;
    }
    this.changed();
    const phase = status === "queued" ? "behind" : "started";
    this.hooks.onturn({ ...newTurn(id, question, { parent, siblings: [id], images }), status: status === "queued" ? status : "running", phase });
  }

  /**
   * Whether the page lacks a turn that follows one it shows.
   *
   * @param {{turn: string, parent: string|null}} node
   */
  isNews({ turn, parent }) {
    const shown = [...this.turns.values()];
    const known = shown.some(({ id, siblings }) => id === turn || siblings.includes(turn));
    const whole = !shown[0]?.parent;  // what leads to the first that is shown is none
    return !known && (parent === null ? whole : this.turns.has(parent));
  }

  /** The page's turns have changed: what is being loaded may know nothing of it. */
  changed() {
    this.stale = this.reloading;
  }

  async reload() {
    this.stale = true;
    if (this.reloading) return;
    this.reloading = true;
    while (this.stale) {
      this.stale = false;
      await this.hooks.reload();
    }
    this.reloading = false;
  }
}
