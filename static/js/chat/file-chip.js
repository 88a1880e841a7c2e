// One file above the composer: its name, its size, how it stands, and what can be done with it.

import { element, icon } from "./dom.js";
import { MEGABYTE } from "./file-sending.js";

/** @typedef {import("./files.js").Entry} Entry */

/** @type {Record<string, string>} */
const KINDS = { csv: "file-spreadsheet", xlsx: "file-spreadsheet", pptx: "presentation", eml: "mail" };

/** @param {number} bytes */
export function sizeWords(bytes) {
  if (bytes < MEGABYTE) return `${Math.max(1, Math.round(bytes / 1024)).toLocaleString()} KB`;
  return `${(bytes / MEGABYTE).toLocaleString(undefined, { maximumFractionDigits: 1 })} MB`;
}

/** @param {Entry} entry */
function mark({ name, state }) {
  if (state === "refused") return icon("triangle-alert");
  if (state !== "ready") return icon("loader-circle", "spin");
  const suffix = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return icon(KINDS[suffix] ?? "file-text");
}

/** @param {Entry} entry */
function words({ state, words: progress, detail }) {
  if (state === "refused") return detail;
  return state === "ready" ? detail || "Ready" : progress;
}

/** @param {Entry} entry @param {() => void} remove @param {() => void} again */
export function chip(entry, remove, again) {
  const { id, name, size, state, file } = entry;
  const retry = () =>
    element("button", { type: "button", class: "button quiet compact", onclick: again }, icon("rotate-cw"), "Retry");
  return element(
    "li",
    { class: "file", dataset: { state } },
    mark(entry),
    element(
      "span",
      { class: "file-words" },
      element("bdi", { class: "truncate", text: name, title: name }),
      element("small", { text: [size ? sizeWords(size) : "", words(entry)].filter(Boolean).join(" · ") }),
    ),
    state === "refused" && (id || file) ? retry() : null,
    element(
      "button",
      { type: "button", class: "button quiet compact square", title: "Take away", dataset: { away: "" }, onclick: remove },
      icon("x"),
      element("span", { class: "visually-hidden", text: `Take ${name} away` }),
    ),
  );
}
