// What the page says about a turn, in plain words.

/** @typedef {import("./turn.js").Turn} Turn */
/** @typedef {import("./turn.js").Judgement} Judgement */

const ORDINALS = ["Next", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth"];

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** @param {number} position from 1 */
function inQueue(position) {
  return position <= ORDINALS.length ? `${ORDINALS[position - 1]} in queue` : `Number ${position} in queue`;
}

/**
 * What stands where the answer will stand; "" when there is nothing to wait for.
 *
 * @param {Turn} turn
 * @param {boolean} connected
 */
export function waiting({ phase, detail, parts }, connected = true) {
  if (phase === "ended") return "";
  if (!connected) return phase === "sending" ? "Waiting for the connection" : "Reconnecting";
  switch (phase) {
    case "sending":
      return "Sending";
    case "behind":
      return "Waiting for the answer before it";
    case "started":
      return "Checking your question";
    case "searching":
      return detail === 0 ? "Searching no collection" : `Searching ${counted(detail ?? 0, "collection")}`;
    case "reading":
      return detail ? `Reading ${counted(detail, "passage")}` : "Thinking";
    case "compacting":
      return `Summing up ${counted(detail ?? 1, "earlier question")}`;
    case "queued":
      return inQueue(detail ?? 1);
    case "loading":
      return detail ? `Loading the model, about ${detail} s` : "Loading the model…";
    case "retrying":
      return "Trying again";
    case "writing":
      return parts.length ? "Writing" : "Thinking";
    default:
      return "Thinking";
  }
}

/** @type {Record<string, string>} */
const ENDINGS = {
  stopped: "Stopped.",
  interrupted: "Interrupted: the server went away while answering.",
  failed: "The answer could not be made. Your question is kept.",
  blocked: "The guard withheld this answer.",
};

/**
 * What is to be said about how a turn ended; "" where all went well. What a barred block says
 * already is not said twice, and nobody is told that nothing is kept.
 *
 * @param {Turn} turn
 */
export function ending({ status, reason, parts }) {
  if (status === "running" || status === "queued") return "";
  if (status === "done") return reason;
  const said = parts.some((part) => part.kind === "withheld" && (!reason || part.message === reason));
  if (status === "blocked" && said) return "";
  const kept = ["stopped", "interrupted", "failed"].includes(status) && parts.some((part) => part.kind === "text" && part.text.trim());
  return `${reason || ENDINGS[status] || ""}${kept ? " What was written is kept." : ""}`;
}

/** @type {Record<string, string>} */
const WITHHELD = {
  request: "This question was not answered",
  passage: "A passage was left out",
  response: "This part of the answer was withheld",
};

/** @param {string} stage @param {boolean} whole whether there is no other text in the answer */
export function withheldTitle(stage, whole) {
  return stage === "response" && whole ? "The answer was withheld" : WITHHELD[stage] ?? "Withheld";
}

const STRICTNESS = ["allow", "flag", "redact", "block"];
/** @type {Record<string, {word: string, tone: string, icon: string}>} */
const SEALS = {
  allow: { word: "Checked", tone: "pass", icon: "shield-check" },
  flag: { word: "Flagged", tone: "flag", icon: "shield-alert" },
  redact: { word: "Redacted", tone: "flag", icon: "shield-alert" },
  block: { word: "Withheld", tone: "block", icon: "shield-x" },
};

/**
 * The guard's seal under an answer, by its strictest decision; null before any.
 *
 * @param {Judgement[]} judged
 * @returns {{label: string, tone: string, icon: string}|null}
 */
export function seal(judged) {
  if (!judged.length) return null;
  const strictest = judged.reduce((one, other) =>
    STRICTNESS.indexOf(other.action) > STRICTNESS.indexOf(one.action) ? other : one,
  );
  const failed = judged.some(({ failures }) => failures.length);
  const look = failed ? { word: "A judge failed", tone: "block", icon: "shield-x" } : SEALS[strictest.action];
  const { word, tone, icon } = look ?? { word: strictest.action, tone: "flag", icon: "shield-alert" };
  return { label: `${word}, policy ${strictest.policy_version}`, tone, icon };
}

/** @type {Record<string, string>} */
const STAGES = { request: "Question", passage: "Passages", response: "Answer" };
/** @type {Record<string, string>} */
const ACTIONS = { allow: "Passed", flag: "Flagged", redact: "Redacted", block: "Withheld" };

/** @param {string} stage */
export const stageName = (stage) => STAGES[stage] ?? stage;
/** @param {string} action */
export const actionName = (action) => ACTIONS[action] ?? action;
/** @param {string} action */
export const actionTone = (action) => SEALS[action]?.tone ?? "flag";
/** @param {string} action */
export const actionIcon = (action) => SEALS[action]?.icon ?? "shield-alert";

export const LEFT_OUT_WHY = "They no longer fit into what this model can hold at once. They are kept here, and nothing else was cut.";

/** What the model was not told. @param {{turns: string[], passages: number}} leftOut */
export function leftOutWords({ turns, passages }) {
  const all = [turns.length && counted(turns.length, "earlier question"), passages && counted(passages, "passage")];
  const one = turns.length + passages === 1;
  return `${all.filter(Boolean).join(" and ")} ${one ? "was" : "were"} not told to the model`;
}

/** What the model was told as a summary. @param {{turns: string[]}} compacted */
export function compactedWords({ turns }) {
  return `${counted(turns.length, "earlier question")} ${turns.length === 1 ? "was" : "were"} told to the model as a summary`;
}
