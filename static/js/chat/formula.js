// Formulas in Markdown, as extensions of marked: `$…$` and `\(…\)` within a line, `$$…$$` and `\[…\]`
// as blocks. A dollar is money unless it hugs what it encloses and no digit follows, which is
// Pandoc's rule (User's Guide, extension tex_math_dollars).

const BLOCK = /^(?:\$\$([^$]{1,4000})\$\$|\\\[([\s\S]{1,4000}?)\\\])[ \t]*(?:\n|$)/;
const INLINE = /^(?:\$\$([^$\n]{1,500})\$\$|\\\(([^\n]{1,500}?)\\\)|\$(?![\s$])((?:\\.|[^\\$\n]){0,500}?(?:\\.|[^\\$\s]))\$(?!\d))/;

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

/**
 * @param {RegExp} rule
 * @returns {(text: string) => {type: string, raw: string, tex: string}|undefined}
 */
function tokenizer(rule, type = rule === BLOCK ? "formula" : "inlineFormula") {
  return (text) => {
    const match = rule.exec(text);
    const tex = match?.slice(1).find((group) => group !== undefined)?.trim();
    return match && tex ? { type, raw: match[0], tex } : undefined;
  };
}

export const formulas = [
  {
    name: "formula",
    level: /** @type {const} */ ("block"),
    start: (/** @type {string} */ text) => text.match(/\$\$|\\\[/)?.index,
    tokenizer: tokenizer(BLOCK),
    renderer: (/** @type {any} */ { tex }) => `<p class="formula display">${escaped(tex)}</p>`,
  },
  {
    name: "inlineFormula",
    level: /** @type {const} */ ("inline"),
    start: (/** @type {string} */ text) => text.match(/\$|\\\(/)?.index,
    tokenizer: tokenizer(INLINE),
    renderer: (/** @type {any} */ { tex }) => `<span class="formula">${escaped(tex)}</span>`,
  },
];
