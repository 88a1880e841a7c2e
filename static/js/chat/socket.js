// The socket's client, without the page: connects, comes back, follows turns, loses no send.

/** @typedef {{type: string, [field: string]: any}} Frame */
/** @typedef {"connecting"|"open"|"waiting"|"signed-out"} SocketStatus */

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const SLOW_DOWN = 4429;
const SIGNED_OUT = 4401;

/**
 * Milliseconds before attempt `attempt` (from 0): doubling, with a spread so that the clients of
 * a restarted server don't all come at once.
 *
 * @param {number} attempt
 * @param {number} [spread] 0 to 1
 */
export function pause(attempt, spread = Math.random()) {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt) * (0.5 + spread / 2);
}

/** One connection to the server, kept up. Events: `onevent`, `onaccepted`, `onnews`, `onerror`, `onstatus`. */
export class ChatSocket {
  /**
   * @param {string} address
   * @param {(address: string) => WebSocket} [make]
   */
  constructor(address, make = (path) => new WebSocket(new URL(path, location.href.replace(/^http/, "ws")))) {
    this.address = address;
    this.make = make;
    /** @type {WebSocket|null} */
    this.socket = null;
    /** @type {SocketStatus} */
    this.status = "connecting";
    this.attempt = 0;
    /** Sends that the server has not accepted, by client id. @type {Map<string, Frame>} */
    this.pending = new Map();
    /** The last sequence number seen of each turn that runs. @type {Map<string, number>} */
    this.following = new Map();
    /** The conversation whose news are told. @type {string|null} */
    this.watched = null;
    /** Turns whose lost events were asked for, by the number asked after. @type {Map<string, number>} */
    this.asked = new Map();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
    /** @type {(turn: string, seq: number, event: Frame) => void} */
    this.onevent = () => {};
    /** @type {(frame: Frame) => void} */
    this.onaccepted = () => {};
    /** @type {(frame: Frame) => void} */
    this.onnews = () => {};
    /** @type {(frame: Frame) => void} */
    this.onerror = () => {};
    /** @type {(status: SocketStatus) => void} */
    this.onstatus = () => {};
  }

  connect() {
    clearTimeout(this.timer);
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    const socket = (this.socket = this.make(this.address));
    this.become("connecting");
    socket.onopen = () => this.opened();
    socket.onmessage = (message) => this.received(message.data);
    socket.onclose = ({ code }) => {
      if (this.socket === socket) this.closed(code);
    };
  }

  /** @param {SocketStatus} status */
  become(status) {
    this.status = status;
    this.onstatus(status);
  }

  opened() {
    this.attempt = 0;
    this.asked.clear();
    for (const frame of this.pending.values()) this.transmit(frame);
    for (const [turn, after] of this.following) this.transmit({ type: "attach", turn, after });
    if (this.watched) this.transmit({ type: "follow", conversation: this.watched });
    this.become("open");
  }

  /** @param {number} code */
  closed(code) {
    this.socket = null;
    if (code === SIGNED_OUT) {
      this.become("signed-out");
      return;
    }
    const wait = code === SLOW_DOWN ? LONGEST_PAUSE : pause(this.attempt);
    this.attempt += 1;
    this.timer = setTimeout(() => this.connect(), wait);
    this.become("waiting");
  }

  /** @param {Frame} frame */
  transmit(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  /** @param {string} data */
  received(data) {
    /** @type {Frame} */
    const frame = JSON.parse(data);
    if (frame.type === "event") this.event(frame);
    else if (frame.type === "accepted") this.accepted(frame);
    else if (frame.type === "error") this.error(frame);
    else if (["following", "turn", "renamed"].includes(frame.type)) this.onnews(frame);
  }

  /** @param {Frame} frame */
  event({ turn, seq, event }) {
    const seen = this.following.get(turn);
    if (seen === undefined || seq <= seen) return;
    if (seq > seen + 1) {
      // Something was lost on the way: have it sent again rather than show text with a hole.
      if (this.asked.get(turn) !== seen) this.transmit({ type: "attach", turn, after: seen });
      this.asked.set(turn, seen);
      return;
    }
    if (event.type === "ended") this.following.delete(turn);
    else this.following.set(turn, seq);
    this.onevent(turn, seq, event);
  }

  /** @param {Frame} frame */
  accepted(frame) {
    if (!this.pending.delete(frame.client_id)) return;
    if (!this.following.has(frame.turn)) this.following.set(frame.turn, 0);
    this.onaccepted(frame);
  }

  /** @param {Frame} frame */
  error(frame) {
    if (frame.client_id) this.pending.delete(frame.client_id);
    if (frame.turn) this.following.delete(frame.turn);
    if (frame.conversation === this.watched) this.watched = null;
    this.onerror(frame);
  }

  /**
   * Asks a question, now or when the connection is back.
   *
   * @param {{client_id: string, conversation: string|null, text: string, collections: string[]|null, parent?: string|null}} question
   */
  send(question) {
    this.request({ type: "send", ...question });
  }

  /** Asks a turn's question again, beside it. @param {{client_id: string, turn: string}} again */
  regenerate(again) {
    this.request({ type: "regenerate", ...again });
  }

  /** Lets a turn's answer go on, beside it. @param {{client_id: string, turn: string}} again */
  goOn(again) {
    this.request({ type: "continue", ...again });
  }

  /** @param {Frame} frame that is answered by `accepted`, or sent again with the next connection */
  request(frame) {
    this.pending.set(frame.client_id, frame);
    this.transmit(frame);
  }

  /** Follows a turn from the event after `after`. @param {string} turn @param {number} after */
  follow(turn, after) {
    this.following.set(turn, after);
    this.transmit({ type: "attach", turn, after });
  }

  /** Hears what happens in a conversation, in whichever window. @param {string} conversation */
  watch(conversation) {
    this.watched = conversation;
    this.transmit({ type: "follow", conversation });
  }

  /** @param {string} turn */
  stop(turn) {
    this.transmit({ type: "stop", turn });
  }
}
