// Images that go with the next question, for models that see.

import { chip } from "./file-chip.js";
import { begun, send, tooLarge } from "./file-sending.js";
import { element, find, icon } from "./dom.js";
import { post } from "./post.js";

/** @typedef {import("./files.js").Entry} Entry */

/**
 * @typedef {object} ImageHooks
 * @property {() => Promise<string>} place the conversation to attach to
 * @property {() => void} onchange
 * @property {(words: string) => void} say to screen readers
 */

const MOST = 4;
const TOO_MANY = `A question takes up to ${MOST} images.`;
const FAILED = "It could not be sent. Take it away and add it again.";

/** @param {File} file */
export const isImage = ({ type }) => /^image\/(png|jpeg|webp|gif)$/.test(type);

export class Images {
  /** @param {HTMLElement} list @param {number} megabytes @param {ImageHooks} hooks */
  constructor(list, megabytes, hooks) {
    this.list = list;
    this.megabytes = megabytes;
    this.hooks = hooks;
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    this.last = Promise.resolve();
  }

  /** Those on their way. */
  get pending() {
    return [...this.entries.values()].filter(({ state }) => state === "uploading").length;
  }

  /** Those that go with the next question. */
  get ready() {
    return [...this.entries.values()].filter(({ state }) => state === "ready").map(({ id }) => id);
  }

  /** @param {File[]} files */
  add(files) {
    for (const file of files) {
      const there = [...this.entries.values()].filter(({ state }) => state !== "refused").length;
      const entry = { ...begun(file), words: "Sending", file: null };
      this.entries.set(entry.key, entry);
      const refusal = there < MOST ? tooLarge(file, this.megabytes) : TOO_MANY;
      if (refusal) this.change(entry, { state: "refused", detail: refusal });
      else this.upload(entry, file);
    }
    this.show();
  }

  /** @param {Entry} entry @param {File} file */
  upload(entry, file) {
    this.last = this.last.then(async () => {
      if (!this.entries.has(entry.key)) return;  // it was taken away before its turn came
      /** @type {Partial<Entry>} */
      let news;
      try {
        const told = await send(`/c/${await this.hooks.place()}/images/upload/`, file, () => {}, entry.sending.signal);
        news = typeof told === "string" ? { state: "refused", detail: told } : { state: "ready", id: told.id };
      } catch {
        news = { state: "refused", detail: FAILED };
      }
      if (this.entries.has(entry.key)) this.change(entry, news);
    });
  }

  /** @param {Entry} entry @param {Partial<Entry>} news */
  change(entry, news) {
    Object.assign(entry, news);
    if (entry.state === "refused") this.hooks.say(`${entry.name} was refused: ${entry.detail}`);
    this.show();
    this.hooks.onchange();
  }

  /** They belong to a question now. @returns {string[]} */
  taken() {
    const ids = this.ready;
    this.entries.clear();
    this.show();
    return ids;
  }

  /** They were taken for a question that was not. @param {string[]} ids */
  giveBack(ids) {
    for (const id of ids) {
      this.entries.set(id, { key: id, id, name: "Image", size: 0, state: "ready", words: "", detail: "", file: null, sending: new AbortController() });
    }
    this.show();
  }

  show() {
    this.list.hidden = !this.entries.size;
    this.list.replaceChildren(...[...this.entries.values()].map((entry) => this.chip(entry)));
  }

  /** @param {Entry} entry */
  chip(entry) {
    const remove = () => {
      this.entries.delete(entry.key);
      entry.sending.abort();
      // Where this fails the image stays in its conversation, and goes with it.
      if (entry.id) post(`/images/${entry.id}/remove/`).catch(() => {});
      this.show();
      this.hooks.onchange();
    };
    const made = chip(entry, remove, () => {});
    if (entry.state === "ready") find(".icon", made).replaceWith(element("img", { src: `/images/${entry.id}/`, alt: "", class: "thumb" }));
    if (entry.state === "refused") find(".icon", made).replaceWith(icon("triangle-alert"));
    return made;
  }
}

/** The images of a question, each leading to itself. @param {string[]} ids */
export function pictures(ids) {
  const links = ids.map((id, index) =>
    element("a", { href: `/images/${id}/`, target: "_blank", rel: "noopener" }, element("img", { src: `/images/${id}/`, alt: `Image ${index + 1} of the question`, loading: "lazy" })),
  );
  return element("div", { class: "pictures" }, ...links);
}
