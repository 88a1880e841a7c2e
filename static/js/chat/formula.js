// Formulas in Markdown, as extensions of marked: `$…$` and `\(…\)` within a line, `$$…$$` and `\[…\]`
// as blocks. A dollar is money unless it hugs what it encloses and no digit follows, which is
// Pandoc's rule (User's Guide, extension tex_math_dollars).

import { escaped } from "./escape.js";

const BLOCK = /^(?:\$\$([^$]{1,4000})\$\$|\\\[([\s\S]{1,4000}?)\\\])[ \t]*(?:\n|$)/;
const INLINE = /^(?:\$\$([^$\n]{1,500})\$\$|\\\(([^\n]{1,500}?)\\\)|\$(?![\s$])((?:\\.|[^\\$\n]){0,500}?(?:\\.|[^\\$\s]))\$(?!\d))/;

/**
 * @param {"formula"|"inlineFormula"} name
 * @param {{level: "block"|"inline", start: RegExp, rule: RegExp, frame: (tex: string) => string}} how
 */
function extension(name, { level, start, rule, frame }) {
  return {
    name,
    level,
    start: (/** @type {string} */ text) => text.match(start)?.index,
    tokenizer(/** @type {string} */ text) {
      const match = rule.exec(text);
      const tex = match?.slice(1).find((group) => group !== undefined)?.trim();
      return match && tex ? { type: name, raw: match[0], tex } : undefined;
    },
    renderer: (/** @type {any} */ { tex }) => frame(escaped(tex)),
  };
}

export const formulas = [
  extension("formula", {
    level: "block",
    start: /\$\$|\\\[/,
    rule: BLOCK,
    frame: (tex) => `<p class="formula display">${tex}</p>`,
  }),
  extension("inlineFormula", {
    level: "inline",
    start: /\$|\\\(/,
    rule: INLINE,
    frame: (tex) => `<span class="formula">${tex}</span>`,
  }),
];
