// The answer for screen readers: by sentence, not by token.

import { element } from "./dom.js";
import { answerText } from "./turn.js";
import { counted, ending, waiting } from "./words.js";

/** @typedef {import("./turn.js").Turn} Turn */

// Up to a full stop with a space behind it ("a.example" has none), a full stop of scripts that
// write no spaces, or the end of a line.
const SENTENCE = /[^]*?(?:[.!?…]+["'”’)\]]*\s+|[。！？]+|\n+)/gu;
const KEPT = 12;

/**
 * The whole sentences at the start of `text`, and what is left after them.
 *
 * @param {string} text
 * @returns {{sentences: string[], rest: string}}
 */
export function cutSentences(text) {
  const whole = text.match(SENTENCE) ?? [];
  const end = whole.reduce((length, sentence) => length + sentence.length, 0);
  return { sentences: whole.map(spoken).filter(Boolean), rest: text.slice(end) };
}

/** The words without Markdown's marks. @param {string} text */
export function spoken(text) {
  return text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\[(\d{1,2})\]/g, "")
    .replace(/^\s*(?:#{1,6}|[-*+>]|\d+[.)])\s+/, "")
    .replace(/[*_`~|]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Speaks through a polite live region. */
export class Announcer {
  /** @param {HTMLElement} region with aria-live="polite" */
  constructor(region) {
    this.region = region;
    this.text = "";
    this.taken = 0;
  }

  /** @param {string} words */
  say(words) {
    if (!words) return;
    this.region.append(element("p", { text: words }));
    while (this.region.childElementCount > KEPT) this.region.firstElementChild?.remove();
  }

  /** Begins another answer. */
  start() {
    this.taken = 0;
  }

  /**
   * Says the sentences that have become whole.
   *
   * @param {string} text the answer so far
   * @param {boolean} ended whether what is left is all there will be
   */
  follow(text, ended) {
    const { sentences, rest } = cutSentences(text.slice(this.taken));
    this.taken = text.length - rest.length;
    sentences.forEach((sentence) => this.say(sentence));
    if (!ended) return;
    this.say(spoken(rest));
    this.taken = text.length;
  }

  /** Says what an event has changed. @param {Turn} before @param {Turn} turn */
  told(before, turn) {
    const ended = turn.phase === "ended";
    if (before.phase !== turn.phase && !ended && turn.phase !== "writing") this.say(waiting(turn));
    if (before.parts !== turn.parts || ended) this.follow(answerText(turn), ended);
    const withheld = turn.parts.at(-1);
    if (before.parts !== turn.parts && withheld?.kind === "withheld") this.say(withheld.message);
    if (ended) this.say(ending(turn) || `Answer complete, ${counted(turn.sources.length, "source")}.`);
  }
}
