// The answer as it grows: a block that is finished is never touched again, so that what is being
// read, selected or spoken stays where it is.

import { element, icon } from "./dom.js";
import { finish } from "./finish.js";
import { blocks, render } from "./markdown.js";
import { withheldTitle } from "./words.js";

/** @typedef {import("./turn.js").Part} Part */

/** Renders the parts of one answer into `root`. */
export class AnswerView {
  /**
   * @param {HTMLElement} root
   * @param {(number: number) => HTMLElement|null} cite
   */
  constructor(root, cite) {
    this.root = root;
    this.cite = cite;
    /** @type {{key: string, element: HTMLElement}[]} */
    this.shown = [];
    /** How many of them are finished. */
    this.finished = 0;
  }

  /** @param {Part[]} parts */
  update(parts) {
    const whole = !parts.some((part) => part.kind === "text" && part.text.trim());
    const wanted = parts.flatMap((part) =>
      part.kind === "text"
        ? blocks(part.text).map((source) => ({ key: `text:${source}`, make: () => this.block(source) }))
        : [{ key: `withheld:${whole}:${part.stage}:${part.message}`, make: () => withheldBlock(part, whole) }],
    );
    let same = 0;
    while (same < wanted.length && this.shown[same]?.key === wanted[same].key) same += 1;
    for (const { element: old } of this.shown.splice(same)) old.remove();
    for (const { key, make } of wanted.slice(same)) {
      const made = make();
      this.root.append(made);
      this.shown.push({ key, element: made });
    }
    this.finished = Math.min(this.finished, same);
    this.finish(this.shown.length - 1);
  }

  /** Finishes the first blocks, and all of them when nothing more comes. @param {number} count */
  finish(count = this.shown.length) {
    for (; this.finished < count; this.finished += 1) void finish(this.shown[this.finished].element);
  }

  /** Renders everything anew, after what marks mean has changed. @param {Part[]} parts */
  refresh(parts) {
    for (const { element: old } of this.shown.splice(0)) old.remove();
    this.update(parts);
  }

  /** @param {string} source */
  block(source) {
    const block = element("div", { class: "block" });
    block.append(render(source, this.cite));
    return block;
  }
}

/** @param {{stage: string, message: string}} part @param {boolean} whole */
function withheldBlock({ stage, message }, whole) {
  return element(
    "div",
    { class: "withheld", role: "note" },
    icon("ban"),
    element(
      "div",
      {},
      element("strong", { text: withheldTitle(stage, whole) }),
      element("p", { text: message }),
      element("small", { text: "The decision is in the compliance log." }),
    ),
  );
}
