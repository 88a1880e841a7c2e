// What is done to a block once its words are all there: code is coloured and formulas are set. The
// two libraries are large, so each is fetched when the first block needs it. Without them, or where
// they do not understand, the block stays as the model wrote it.

import DOMPurify from "../../vendor/dompurify/purify.es.mjs";
import { findAll } from "./dom.js";

/** Longer code is left plain, so that no colouring holds the page up. */
const LONGEST_CODE = 20_000;
const COLOURED = { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], RETURN_DOM_FRAGMENT: true };
const SET = { USE_PROFILES: { mathMl: true }, FORBID_ATTR: ["style", "href"], RETURN_DOM_FRAGMENT: true };

/** @param {HTMLElement} block a rendered block @returns {Promise<void>} */
export async function finish(block) {
  const code = findAll("code[data-language]", block).filter((one) => (one.textContent ?? "").length <= LONGEST_CODE);
  const formulas = findAll(".formula", block);
  if (code.length) await colour(code);
  if (formulas.length) await set(formulas);
}

/** @param {HTMLElement[]} code */
async function colour(code) {
  const { default: highlight } = await import("../../vendor/highlight/highlight.min.js");
  for (const one of code) {
    const language = one.dataset.language ?? "";
    if (!highlight.getLanguage(language)) continue;
    const { value } = highlight.highlight(one.textContent ?? "", { language, ignoreIllegals: true });
    one.replaceChildren(fragment(value, COLOURED));
  }
}

/** @param {HTMLElement[]} formulas */
async function set(formulas) {
  const { default: temml } = await import("../../vendor/temml/temml.mjs");
  for (const one of formulas) {
    const displayMode = one.classList.contains("display");
    try {
      // Limits as for hostile text: macros may not grow without end, nor boxes over the page.
      const options = { displayMode, throwOnError: true, trust: false, maxExpand: 200, maxSize: [20, 20] };
      const markup = temml.renderToString(one.textContent ?? "", options);
      // The page's policy reports an inline style even where it is only parsed, to be cut off.
      one.replaceChildren(fragment(markup.replace(/ style="[^"]*"/g, ""), SET));
    } catch {
      one.classList.add("unset");
    }
  }
}

/** @param {string} markup @param {object} limits @returns {DocumentFragment} */
function fragment(markup, limits) {
  return /** @type {DocumentFragment} */ (/** @type {unknown} */ (DOMPurify.sanitize(markup, limits)));
}
