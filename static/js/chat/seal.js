// The guard's seal: what was judged, by what, and with which outcome.

import { element, icon } from "./dom.js";
import { actionIcon, actionName, actionTone, stageName } from "./words.js";

/** @typedef {import("./turn.js").Judgement} Judgement */

/** @param {string} action */
function badge(action) {
  return element("span", { class: `badge ${actionTone(action)}` }, icon(actionIcon(action)), actionName(action));
}

/** @param {Judgement["categories"]} categories */
function categoryList(categories) {
  if (!categories.length) return element("span", { class: "muted", text: "Nothing found" });
  const items = categories.map(({ category, name, score }) =>
    element("li", {}, `${name} `, element("span", { class: "muted tabular", text: `${/^S\d+$/.test(category) ? `${category}, ` : ""}${Math.round(score * 100)}%` })),
  );
  return element("ul", { role: "list" }, ...items);
}

/** @param {Judgement} judgement */
function row({ stage, action, categories, judges, policy_version: version }) {
  return element(
    "tr",
    {},
    element("th", { scope: "row", text: stageName(stage) }),
    element("td", {}, badge(action)),
    element("td", {}, categoryList(categories)),
    element("td", { class: "muted" }, `${judges.join(", ") || "no judge"}, policy ${version}`),
  );
}

/** @param {string[]} names */
function heads(names) {
  return element("tr", {}, ...names.map((text) => element("th", { scope: "col", text })));
}

/**
 * The table that the seal opens.
 *
 * @param {Judgement[]} judged
 */
export function sealTable(judged) {
  return element(
    "div",
    { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "What the guard judged" },
    element(
      "table",
      { class: "table" },
      element("thead", {}, heads(["Judged", "Outcome", "Found", "By"])),
      element("tbody", {}, ...judged.map(row)),
    ),
  );
}

/**
 * What could not be judged, said plainly; null when everything could.
 *
 * @param {Judgement[]} judged
 */
export function failureNotice(judged) {
  const sentences = [...new Set(judged.flatMap(({ failures }) => failures))];
  if (!sentences.length) return null;
  return element(
    "p",
    { class: "failures" },
    icon("shield-x"),
    element(
      "span",
      {},
      element("strong", { text: "The guard could not judge everything, which counts as unsafe. " }),
      sentences.join(" "),
    ),
  );
}
