// What goes with a question: files of the conversation and images of the question, by one way in.

import { find } from "./dom.js";
import { listenForFiles } from "./file-drop.js";
import { Files } from "./files.js";
import { Images, isImage } from "./images.js";

const FORGOTTEN = "This page was away for long, and the files that you attached were not kept. Attach them again.";
const ANOTHER = "Choose another model, or take them away.";
const NO_OTHER = "Take them away to ask.";

/**
 * @typedef {object} AttachmentHooks
 * @property {() => string|null} conversation the one that is open
 * @property {(conversation: string) => void} onbegin there is one now, to attach to
 * @property {() => {sees: boolean, several: boolean}} model that answers, and whether there are others
 * @property {(words: string) => void} say to screen readers
 * @property {(error: string) => void} onerror
 */

export class Attachments {
  /** @param {HTMLElement} page @param {import("./files.js").Told[]} given @param {AttachmentHooks} hooks */
  constructor(page, given, hooks) {
    this.hooks = hooks;
    this.images = new Images(find("[data-images]", page), Number(find("[data-files]", page).dataset.megabytes), {
      place: () => this.files.place(),
      onchange: () => this.files.show(),
      say: hooks.say,
    });
    this.files = new Files(page, given, { ...hooks, besides: () => this.images.pending });
    listenForFiles(page, (chosen) => {
      this.images.add(chosen.filter(isImage));
      this.files.add(chosen.filter((file) => !isImage(file)));
    });
  }

  /** The conversation that a question goes to: the open one, or that of the files. @returns {string|null} */
  get conversation() {
    return this.hooks.conversation() ?? (this.files.draft || null);
  }

  /** Whether a question cannot go yet, and says why; `again` is called once it can. @param {() => void} again */
  hold(again) {
    const { sees, several } = this.hooks.model();
    if (this.images.entries.size && !sees) {
      this.hooks.onerror(`This model can’t look at images. ${several ? ANOTHER : NO_OTHER}`);
      return true;
    }
    if (!this.files.waiting || this.files.unpatient) return false;
    this.files.hold(again);
    return true;
  }

  /** Whether `conversation` was only begun to attach to, and is gone; says so. @param {string|undefined} conversation */
  lost(conversation) {
    if (!conversation || conversation !== this.files.draft || this.hooks.conversation()) return false;
    this.files.forget();
    this.images.taken();
    this.hooks.onerror(FORGOTTEN);
    return true;
  }
}
