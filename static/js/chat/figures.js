// What an answer took, in figures, and how much of the model's context its conversation fills.

import { element, icon } from "./dom.js";
import { counted } from "./words.js";

/** @typedef {import("./turn.js").Turn} Turn */

/** From here on the gauge says in words that the context fills up. */
const NEARLY = 0.8;

/** @param {number} milliseconds */
function seconds(milliseconds) {
  const digits = milliseconds < 10_000 ? 1 : 0;
  return `${(milliseconds / 1000).toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits })} s`;
}

/**
 * Tokens a second while the model wrote; null where that is unknown. The first token is what the
 * time is measured from.
 *
 * @param {NonNullable<Turn["usage"]>} usage
 */
export function rate({ answer_tokens: tokens, writing_ms: writing }) {
  return tokens && tokens > 1 && writing ? ((tokens - 1) * 1000) / writing : null;
}

/**
 * Names and values, of those that are known.
 *
 * @param {Turn} turn
 * @returns {[string, string][]}
 */
export function figures({ model, demo, digest, usage, retried, continued }) {
  const speed = usage ? rate(usage) : null;
  /** @type {[string, string|number|null|undefined|false][]} */
  const all = [
    ["Model", model && `${model}${demo ? " (demonstration)" : ""}`],
    ["Weights", digest],
    ["Read", usage?.prompt_tokens && `${counted(usage.prompt_tokens, "token")}`],
    ["Written", usage?.answer_tokens && `${counted(usage.answer_tokens, "token")}`],
    ["First words after", typeof usage?.first_text_ms === "number" && seconds(usage.first_text_ms)],
    ["Whole answer after", typeof usage?.total_ms === "number" && seconds(usage.total_ms)],
    ["Speed", speed && `${speed.toLocaleString(undefined, { maximumFractionDigits: speed < 10 ? 1 : 0 })} tokens a second`],
    ["Goes on", continued && "from an answer that broke off"],
    ["Attempts", retried.length > 0 && `answered after ${counted(retried.length, "attempt")} failed`],
  ];
  return all.flatMap(([name, value]) => (value ? [[name, String(value)]] : []));
}

/** @param {Turn} turn */
export function figureList(turn) {
  const rows = figures(turn).map(([name, value]) =>
    element("div", {}, element("dt", { text: name }), element("dd", {}, element("bdi", { text: value }))),
  );
  return element("dl", { class: "figures" }, ...rows);
}

/**
 * How full the context was with the last answer of which that is known; null before.
 *
 * @param {Turn[]} turns as they are shown
 * @returns {{used: number, size: number, share: number}|null}
 */
export function filled(turns) {
  const usage = turns.map((turn) => turn.usage).findLast((one) => one?.prompt_tokens && one.context_tokens);
  if (!usage?.prompt_tokens || !usage.context_tokens) return null;
  const used = usage.prompt_tokens + (usage.answer_tokens ?? 0);
  return { used, size: usage.context_tokens, share: Math.min(1, used / usage.context_tokens) };
}

/** The gauge on top, and the words under the composer when there is little room left. */
export class Gauge {
  /** @param {HTMLElement} root @param {HTMLElement} warning */
  constructor(root, warning) {
    this.root = root;
    this.warning = warning;
    this.said = "";
  }

  /** @param {Turn[]} turns */
  show(turns) {
    const full = filled(turns);
    this.root.hidden = !full;
    this.warning.hidden = !full || full.share < NEARLY;
    const said = full ? `${full.used} of ${full.size}` : "";
    if (full && said !== this.said) this.say(full);
    this.said = said;
  }

  /** @param {{used: number, size: number, share: number}} full */
  say({ used, size, share }) {
    const percent = Math.max(1, Math.round(share * 100));
    const exact = `This conversation takes ${used.toLocaleString()} of the ${size.toLocaleString()} tokens that the model holds`;
    const bar = element("i");
    bar.style.inlineSize = `${percent}%`;
    this.root.title = exact;
    this.root.classList.toggle("near", share >= NEARLY);
    this.root.replaceChildren(
      element("span", { class: "gauge-meter", "aria-hidden": "true" }, bar),
      element("span", { class: "gauge-says" }, element("span", { text: "Context " }), `${percent}%`, element("span", { text: " full" })),
      element("span", { class: "visually-hidden", text: `. ${exact}.` }),
    );
    if (share < NEARLY) return;
    const words = `The model’s context is ${percent}% full. A new conversation leaves it room; in this one, what was said first will be left out.`;
    this.warning.replaceChildren(icon("triangle-alert"), element("span", { text: words }));
  }
}
