// Markdown to elements. The text is hostile: it comes from a model that read documents.
//
// Two walls, each enough by itself: the parser is told to know no HTML, no images and no reference
// links, and what it makes is cut down by DOMPurify to a short list of elements in a document that
// loads nothing. Links keep http, https and mailto, and show where they lead.

import DOMPurify from "../../vendor/dompurify/purify.es.mjs";
import { Marked } from "../../vendor/marked/marked.esm.js";
import { copy, element, icon } from "./dom.js";
import { escaped } from "./escape.js";
import { formulas } from "./formula.js";

const ELEMENTS =
  "a blockquote br code del em h3 h4 h5 h6 hr li ol p pre span strong sup table tbody td th thead tr ul".split(" ");
const ATTRIBUTES = ["href", "start", "class", "data-cite", "align"];
const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** `[3]`, unless it is the start of a link. */
const citation = {
  name: "citation",
  level: /** @type {const} */ ("inline"),
  start: (/** @type {string} */ text) => text.match(/\[\d{1,2}\]/)?.index,
  tokenizer(/** @type {string} */ text) {
    const match = /^\[(\d{1,2})\](?!\()/.exec(text);
    return match ? { type: "citation", raw: match[0], number: Number(match[1]) } : undefined;
  },
  renderer: (/** @type {any} */ { number }) => `<sup data-cite="${number}">${number}</sup>`,
};

const marked = new Marked({
  gfm: true,
  extensions: [citation, ...formulas],
  tokenizer: {
    // Undefined is "not here", so that the text goes on to the next rule and is shown as it is.
    html: () => undefined,
    tag: () => undefined,
    def: () => undefined,
  },
  renderer: {
    /** @this {any} @param {any} token */
    heading({ tokens, depth }) {
      const level = Math.min(depth + 2, 6);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    image: (/** @type {any} */ { href, text }) => `<a href="${escaped(href)}">${escaped(text || "Image")}</a>`,
    checkbox: (/** @type {any} */ { checked }) => (checked ? "☑ " : "☐ "),
    html: (/** @type {any} */ { text }) => escaped(text),
  },
});

/**
 * The top-level blocks of `text`, each with the source that it is made from. Text that is added
 * at the end leaves all but the last few as they were.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function blocks(text) {
  return marked
    .lexer(text)
    .filter((token) => token.type !== "space")
    .map((token) => token.raw);
}

/**
 * One block as elements, with nothing in it that runs, loads or leads to another scheme.
 *
 * @param {string} source
 * @param {(number: number) => HTMLElement|null} cite the mark of a source, null where there is none
 * @returns {DocumentFragment}
 */
export function render(source, cite = () => null) {
  const fragment = /** @type {DocumentFragment} */ (
    /** @type {unknown} */ (
      DOMPurify.sanitize(/** @type {string} */ (marked.parse(source, { async: false })), {
        ALLOWED_TAGS: ELEMENTS,
        ALLOWED_ATTR: ATTRIBUTES,
        ALLOW_DATA_ATTR: false,
        ALLOW_ARIA_ATTR: false,
        RETURN_DOM_FRAGMENT: true,
      })
    )
  );
  fragment.querySelectorAll("a").forEach(shownLink);
  fragment.querySelectorAll("sup").forEach((mark) => mark.replaceWith(cite(Number(mark.dataset.cite)) ?? `[${mark.textContent}]`));
  fragment.querySelectorAll("pre").forEach(codeBlock);
  fragment.querySelectorAll("table").forEach(scrollingTable);
  // A list, a quotation or a table has its marks on the side where its first words begin; the
  // direction of each paragraph in it is its own by the style sheet.
  for (const block of fragment.querySelectorAll("p, ul, ol, h3, h4, h5, h6, blockquote, table")) {
    if (!block.parentElement?.closest("ul, ol, blockquote, table")) block.setAttribute("dir", "auto");
  }
  return fragment;
}

/** @param {string|null} href @returns {URL|null} an absolute address of an allowed scheme */
function safeAddress(href) {
  try {
    const url = new URL(href ?? "");
    return SCHEMES.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** @param {HTMLAnchorElement} link */
function shownLink(link) {
  const url = safeAddress(link.getAttribute("href"));
  if (!url) {
    link.replaceWith(...link.childNodes);
    return;
  }
  const host = url.host || url.pathname;
  const label = element("bdi", {}, ...link.childNodes);
  const named = label.textContent?.replace(/^https?:\/\//, "").startsWith(`${host}/`) || label.textContent === host;
  const shown = element("a", {
    href: url.href,
    target: "_blank",
    rel: "noopener noreferrer nofollow",
    referrerpolicy: "no-referrer",
    class: "out",
  }, label);
  if (!named) shown.append(element("span", { class: "host", text: host }));
  link.replaceWith(shown);
}

/** @param {HTMLPreElement} pre */
function codeBlock(pre) {
  const code = pre.querySelector("code");
  const language = /^language-([\w+#.-]{1,20})$/.exec(code?.className ?? "")?.[1] ?? "";
  code?.removeAttribute("class");
  if (code && language) code.dataset.language = language;
  pre.tabIndex = 0;
  const button = element(
    "button",
    { type: "button", class: "button quiet compact", onclick: () => copy(button, pre.textContent ?? "") },
    icon("copy"),
    element("span", { text: "Copy", dataset: { label: "Copy" } }),
  );
  const figure = element("figure", { class: "code", dir: "ltr" });
  pre.replaceWith(figure);
  figure.append(element("figcaption", {}, element("span", { text: language || "text" }), button), pre);
}

/** @param {HTMLTableElement} table */
function scrollingTable(table) {
  const frame = element("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" });
  table.replaceWith(frame);
  frame.append(table);
}
