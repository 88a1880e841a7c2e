// One reducer for a turn's events, live or resumed. Pure: state in, state out.

/**
 * Events as docs/protocol.md describes them.
 * @typedef {{type: string, [field: string]: any}} TurnEvent
 *
 * @typedef {{number: number, title: string, heading: string, page: number|null,
 *   collection: string}} SourceRef
 * @typedef {{stage: string, action: string, policy_version: number, judges: string[],
 *   failures: string[], categories: {category: string, name: string, score: number}[]}} Judgement
 *
 * @typedef {{prompt_tokens: number|null, answer_tokens: number|null, context_tokens?: number|null,
 *   first_text_ms?: number|null, writing_ms?: number|null, total_ms?: number|null}} Usage
 *
 * What the answer is made of, in order.
 * @typedef {{kind: "text", text: string} |
 *   {kind: "withheld", stage: string, message: string}} Part
 *
 * @typedef {object} Turn
 * @property {string} id the server's, or the client's own until it is accepted
 * @property {string} question
 * @property {string[]} images ids of those that go with the question
 * @property {string[]} siblings ids of its versions, itself among them, oldest first
 * @property {string|null|undefined} parent what it follows; undefined where the server decides
 * @property {number} seq the last event that was applied
 * @property {"sending"|"behind"|"started"|"searching"|"compacting"|"queued"|"loading"|"retrying"|"reading"|"thinking"|"writing"|"ended"} phase
 *   "behind": it waits for the answer before it; "queued": for the model
 * @property {number|null} detail the number that belongs to the phase
 * @property {string} model
 * @property {boolean} demo
 * @property {string[]} retried why servers were replaced before anything was shown
 * @property {SourceRef[]} sources
 * @property {number[]} cited numbers of the sources that the answer names, in order
 * @property {string} reasoning
 * @property {Part[]} parts
 * @property {Judgement[]} judged
 * @property {string} digest what its server tells the model's weights by, or ""
 * @property {Usage|null} usage
 * @property {"queued"|"running"|"done"|"stopped"|"blocked"|"failed"|"interrupted"} status
 * @property {string} reason
 * @property {import("./feedback.js").Said|null} feedback what the person said of it when the page came
 * @property {{turns: string[], text: string}|null} compacted what the model was told as a summary
 * @property {{turns: string[], passages: number}|null} leftOut what the model was not told
 * @property {string} continued the turn whose answer goes on here, or ""
 */

/**
 * A turn before its first event.
 *
 * @param {string} id
 * @param {string} question
 * @param {{parent?: string|null, siblings?: string[], images?: string[]}} place in the tree, of the version that it is made from
 * @returns {Turn}
 */
export function newTurn(id, question, { parent, siblings = [], images = [] } = {}) {
  return {
    id,
    question,
    images,
    parent,
    siblings,
    seq: 0,
    phase: "sending",
    detail: null,
    model: "",
    demo: false,
    digest: "",
    retried: [],
    sources: [],
    cited: [],
    reasoning: "",
    parts: [],
    judged: [],
    usage: null,
    status: "running",
    reason: "",
    feedback: null,
    compacted: null,
    leftOut: null,
    continued: "",
  };
}

/** @param {Part[]} parts @param {string} text @returns {Part[]} */
function withText(parts, text) {
  const last = parts.at(-1);
  if (last?.kind !== "text") return [...parts, { kind: "text", text }];
  return [...parts.slice(0, -1), { kind: "text", text: last.text + text }];
}

/** @type {Record<string, (turn: Turn, event: TurnEvent) => Partial<Turn>>} */
const CHANGES = {
  started: (_, { question, model, demo, digest }) => ({ phase: "started", status: "running", question, model, demo, digest: digest ?? "" }),
  continued: (_, { turn, text }) => ({ continued: turn, parts: text ? [{ kind: "text", text }] : [] }),
  searching: (_, { collections }) => ({ phase: "searching", detail: collections }),
  queued: (_, { position }) => ({ phase: "queued", detail: position }),
  loading: (_, { seconds }) => ({ phase: "loading", detail: seconds ?? null }),
  answering: (_, { model, digest }) => ({ model, digest: digest ?? "" }),
  retried: ({ retried }, { reason }) => ({ phase: "retrying", retried: [...retried, reason] }),
  passages: (_, { sources }) => ({ phase: "reading", detail: sources.length, sources }),
  compacting: (_, { turns }) => ({ phase: "compacting", detail: turns }),
  compacted: (_, { turns, text }) => ({ compacted: { turns, text } }),
  left_out: (_, { turns, passages }) => ({ leftOut: { turns, passages } }),
  reasoning: (turn, { text }) => ({ phase: "thinking", reasoning: turn.reasoning + text }),
  text: (turn, { text }) => ({ phase: "writing", parts: withText(turn.parts, text) }),
  cited: ({ cited }, { number }) => (cited.includes(number) ? {} : { cited: [...cited, number] }),
  judged: (turn, { type: _, ...judgement }) => ({
    judged: [...turn.judged, /** @type {Judgement} */ (judgement)],
  }),
  withheld: (turn, { stage, message }) => ({
    parts: [...turn.parts, { kind: "withheld", stage, message }],
  }),
  usage: (_, { type: __, ...usage }) => ({ usage: /** @type {Usage} */ (usage) }),
  ended: (_, { status, reason }) => ({ phase: "ended", status, reason: reason ?? "" }),
};

/**
 * The turn after `event`. Kinds that it does not know are left alone, and nothing changes after
 * the end.
 *
 * @param {Turn} turn
 * @param {TurnEvent} event
 * @returns {Turn}
 */
export function reduce(turn, event) {
  const change = CHANGES[event.type];
  if (!change || !isOpen(turn)) return turn;
  return { ...turn, ...change(turn, event) };
}

/**
 * The turn after the event numbered `seq`; one that was seen already changes nothing.
 *
 * @param {Turn} turn
 * @param {number} seq
 * @param {TurnEvent} event
 * @returns {Turn}
 */
export function receive(turn, seq, event) {
  return seq <= turn.seq ? turn : { ...reduce(turn, event), seq };
}

/**
 * The turn as the page brings it: the same rules, from the same events.
 *
 * @param {{id: string, question: string, parent?: string|null, siblings?: string[], images?: string[], status: Turn["status"], events: TurnEvent[], feedback?: Turn["feedback"]}} stored
 * @returns {Turn}
 */
export function resume(stored) {
  const fresh = { ...newTurn(stored.id, stored.question, stored), feedback: stored.feedback ?? null };
  const turn = stored.events.reduce(reduce, { ...fresh, phase: "started" });
  if (stored.status === "queued") return { ...fresh, status: "queued", phase: "behind" };
  return stored.status === "running" ? { ...fresh, phase: "started" } : { ...turn, status: stored.status, phase: "ended" };
}

/** Whether the turn waits or is being answered. @param {Pick<Turn, "status">} turn */
export const isOpen = ({ status }) => status === "queued" || status === "running";

/** The answer's words, without what was withheld. @param {Turn} turn @returns {string} */
export function answerText(turn) {
  return turn.parts.map((part) => (part.kind === "text" ? part.text : "\n\n")).join("").trim();
}

/**
 * Whether the answer broke off, in whatever way, and has words to go on from.
 *
 * @param {Turn} turn
 */
export function canGoOn({ status, reason, parts }) {
  const broken = ["interrupted", "stopped", "failed"].includes(status) || (status === "done" && reason !== "");
  return broken && parts.some((part) => part.kind === "text" && part.text.trim()) && !parts.some(({ kind }) => kind === "withheld");
}
