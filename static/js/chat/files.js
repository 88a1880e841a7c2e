// Files of the conversation: chosen, dropped anywhere or pasted, each sent by itself and followed
// until it is read or refused.

import { element, find, icon, uuid } from "./dom.js";
import { chip } from "./file-chip.js";
import { begun, send, tooLarge } from "./file-sending.js";
import { post } from "./post.js";

/**
 * @typedef {{id: string, name: string, size: number, state: "reading"|"ready"|"refused",
 *   words: string, detail: string}} Told as the server tells a file
 * @typedef {object} Entry a file on this page; `id` is "" until the server has it
 * @property {string} key
 * @property {string} id
 * @property {string} name
 * @property {number} size
 * @property {"uploading"|"reading"|"ready"|"refused"} state
 * @property {string} words
 * @property {string} detail
 * @property {File|null} file what to send again
 * @property {AbortController} sending
 *
 * @typedef {object} FileHooks
 * @property {() => string|null} conversation the one that is open
 * @property {() => number} besides how many other things are on their way
 * @property {(conversation: string) => void} onbegin there is one now, to attach to
 * @property {(words: string) => void} say to screen readers
 */

const LOOK_AGAIN = 1000;
const FAILED = "It could not be sent. Check the connection and try again.";
export class Files {
  /** @param {HTMLElement} page @param {Told[]} given @param {FileHooks} hooks */
  constructor(page, given, hooks) {
    this.hooks = hooks;
    this.list = /** @type {HTMLElement} */ (find("[data-files]", page));
    this.says = /** @type {HTMLElement} */ (find("[data-files-say]", page));
    this.most = Number(this.list.dataset.most);
    this.megabytes = Number(this.list.dataset.megabytes);
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** The conversation that was made for files before anything was asked. @type {Promise<string>|null} */
    this.begun = null;
    this.draft = "";
    this.clientId = uuid();
    /** Whether what is held goes although files are not read. */
    this.unpatient = false;
    this.last = Promise.resolve();
    /** @type {Map<string, HTMLElement>} */
    this.chips = new Map();
    this.looking = false;
    /** What waits until the files are read. @type {(() => void)|null} */
    this.held = null;
    given.forEach((told) => this.take(told));
    this.show();
  }

  /** Those that are not read yet. */
  get pending() {
    return [...this.entries.values()].filter(({ state }) => state === "uploading" || state === "reading").length;
  }

  /** What a question waits for. */
  get waiting() {
    return this.pending + this.hooks.besides();
  }

  /** @param {File[]} files */
  add(files) {
    for (const file of files) {
      const entry = begun(file);
      const refusal = this.refusal(file);
      this.entries.set(entry.key, entry);
      if (refusal) this.change(entry, { state: "refused", detail: refusal, file: null });
      else this.upload(entry);
    }
    this.show();
  }

  /** What is wrong with `file` before it is sent; "" where nothing is. @param {File} file */
  refusal(file) {
    const large = file.size ? tooLarge(file, this.megabytes) : "The file is empty.";
    if (large) return large;
    const there = [...this.entries.values()].filter(({ state }) => state !== "refused");
    return there.length >= this.most ? `A conversation takes up to ${this.most} files.` : "";
  }

  /** Sends one after the other. @param {Entry} entry */
  upload(entry) {
    this.change(entry, { state: "uploading", words: "Waiting to be sent", detail: "" });
    this.last = this.last.then(async () => {
      if (!this.entries.has(entry.key)) return;
      const told = await this.sent(entry);
      if (typeof told !== "string") this.arrived(entry, told);
      else if (this.entries.has(entry.key)) this.change(entry, { state: "refused", detail: told });
    });
  }

  /** @param {Entry} entry @returns {Promise<Told|string>} the file, or why it was not taken */
  async sent(entry) {
    try {
      const conversation = await this.place();
      const progress = (/** @type {number} */ share) => this.change(entry, { words: `Sending, ${Math.round(share * 100)}%` });
      return await send(`/c/${conversation}/files/upload/`, /** @type {File} */ (entry.file), progress, entry.sending.signal);
    } catch {
      return FAILED;
    }
  }

  /** The conversation to attach to, made where there is none. @returns {Promise<string>} */
  async place() {
    const open = this.hooks.conversation();
    if (open) return open;
    this.begun ??= post("/c/begin/", { client_id: this.clientId }).then(async (answer) => {
      const { conversation } = await answer.json();
      this.hooks.onbegin(conversation);
      return conversation;
    });
    try {
      this.draft = await this.begun;
    } catch (error) {
      this.begun = null;
      throw error;
    }
    return this.draft;
  }

  /** @param {Entry} entry @param {Told} told */
  arrived(entry, told) {
    if (!this.entries.has(entry.key)) return void this.erase(told.id);
    const twin = [...this.entries.values()].find(({ id, key }) => id === told.id && key !== entry.key);
    if (twin) {
      this.entries.delete(entry.key);
      this.hooks.say(`${entry.name} is attached already.`);
      this.show();
      return;
    }
    entry.id = told.id;
    this.change(entry, told);
    void this.look();
  }

  /** What the server has. @param {Told} told */
  take(told) {
    const known = [...this.entries.values()].find(({ id }) => id === told.id);
    if (known) return this.change(known, told);
    this.entries.set(told.id, { key: told.id, file: null, sending: new AbortController(), ...told });
    this.show();
    if (told.state === "reading") void this.look();
  }

  /** Asks how far the files are, until all are read or refused. */
  async look() {
    if (this.looking) return;
    this.looking = true;
    while ([...this.entries.values()].some(({ state }) => state === "reading")) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
      await this.lookOnce();
    }
    this.looking = false;
  }

  async lookOnce() {
    const conversation = this.hooks.conversation() ?? this.draft;
    try {
      const answer = await fetch(`/c/${conversation}/files/`);
      if (!answer.ok || answer.redirected) return;
      /** @type {Told[]} */
      const files = (await answer.json()).files;
      const there = new Set(files.map(({ id }) => id));
      for (const { key, id, state } of [...this.entries.values()]) if (id && state === "reading" && !there.has(id)) this.entries.delete(key);
      files.forEach((told) => this.take(told));
      this.show();
    } catch {
      // The connection is away: the next look tells.
    }
  }

  /** @param {Entry} entry @param {Partial<Entry>} changes */
  change(entry, changes) {
    const before = entry.state;
    Object.assign(entry, changes);
    if (before !== entry.state && entry.state === "ready") this.hooks.say(`${entry.name} is ready.`);
    if (before !== entry.state && entry.state === "refused") {
      this.hooks.say(`${entry.name} was refused: ${entry.detail}`);
      this.let(`“${entry.name}” could not be read, so your question waits for you: send it again to ask without it.`);
    }
    this.show();
  }

  /** @param {Entry} entry */
  remove(entry) {
    this.entries.delete(entry.key);
    entry.sending.abort();
    if (entry.id) void this.erase(entry.id);
    this.hooks.say(`${entry.name} is taken away.`);
    this.show();
  }

  /** @param {string} id */
  async erase(id) {
    try {
      await post(`/c/${this.hooks.conversation() ?? this.draft}/files/${id}/remove/`);
    } catch {
      this.hooks.say("The file could not be taken away. Load the page again to see it.");
    }
  }

  /** @param {Entry} entry */
  async again(entry) {
    if (!entry.id) return this.upload(entry);
    this.change(entry, { state: "reading", words: "Waiting to be read", detail: "" });
    try {
      const answer = await post(`/c/${this.hooks.conversation() ?? this.draft}/files/${entry.id}/retry/`);
      this.change(entry, (await answer.json()).file);
      void this.look();
    } catch {
      this.change(entry, { state: "refused", detail: FAILED });
    }
  }

  /** The conversation that was made for files is gone, and they with it. */
  forget() {
    this.entries.clear();
    this.begun = null;
    this.draft = "";
    this.clientId = uuid();
    this.held = null;
    this.says.hidden = true;
    this.show();
  }

  /** Holds a question until the files are read. @param {() => void} go */
  hold(go) {
    this.held = go;
    this.show();
  }

  /** Lets go of what is held, without sending it. @param {string} words */
  let(words) {
    if (!this.held) return;
    this.held = null;
    this.says.dataset.words = words;
    this.says.replaceChildren(icon("circle-alert"), element("span", { text: words }));
    this.says.hidden = false;
  }

  /** Sends what is held, even what is to be read still where `anyway`. */
  go(anyway = false) {
    const go = this.held;
    this.held = null;
    this.says.hidden = true;
    this.unpatient = anyway;
    go?.();
    this.unpatient = false;
  }

  show() {
    this.list.hidden = !this.entries.size;
    for (const [key, shown] of this.chips) if (!this.entries.has(key)) shown.remove();
    for (const entry of this.entries.values()) this.showOne(entry);
    if (this.held && !this.waiting) this.go();
    else if (this.held) this.showHeld();
  }

  /** Progress changes words alone, so that a button stays the one that is being pressed. @param {Entry} entry */
  showOne(entry) {
    const stands = `${entry.state} ${entry.id}`;
    const shown = this.chips.get(entry.key);
    const made = chip(entry, () => this.remove(entry), () => this.again(entry));
    made.dataset.stands = stands;
    if (shown?.isConnected && shown.dataset.stands === stands) {
      find("small", shown).textContent = find("small", made).textContent;
      return;
    }
    const focused = shown?.contains(document.activeElement);
    if (shown?.isConnected) shown.replaceWith(made);
    else this.list.append(made);
    this.chips.set(entry.key, made);
    if (focused) /** @type {HTMLElement} */ (find("[data-away]", made)).focus();
  }

  showHeld() {
    const files = this.waiting === 1 ? "the file is" : `${this.waiting} files are`;
    const words = `Your question is sent once ${files} read.`;
    const shown = !this.says.hidden && this.says.dataset.words === words;
    if (shown) return;
    const without = element("button", { type: "button", class: "link", text: "Send without waiting", onclick: () => this.go(true) });
    this.says.dataset.words = words;
    this.says.replaceChildren(icon("clock"), element("span", { text: words }), without);
    this.says.hidden = false;
  }
}
