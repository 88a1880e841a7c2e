// The chat page: state, socket and views, put together.

import { Announcer } from "./announce.js";
import { Attachments } from "./attachments.js";
import { Branches } from "./branches.js";
import { Composer } from "./composer.js";
import { Earlier } from "./earlier.js";
import { find, findAll, uuid } from "./dom.js";
import { Gauge } from "./figures.js";
import { Following } from "./following.js";
import { ModelPicker } from "./models.js";
import { Keys } from "./keys.js";
import { Landing } from "./landing.js";
import { ListActions } from "./list-actions.js";
import { Search } from "./search.js";
import { Sidebar } from "./sidebar.js";
import { ChatSocket } from "./socket.js";
import { PassageDialog } from "./sources.js";
import { Temporary } from "./temporary.js";
import { Thread } from "./thread.js";
import { answerText, isOpen, newTurn, receive, resume } from "./turn.js";
import { counted, ending, waiting } from "./words.js";

/** @typedef {import("./turn.js").Turn} Turn */

const DELETED = "This conversation was deleted. What you see here is not kept any more.";
const WOULD_HIDE = "An answer below is not done yet. Wait for it or stop it first.";

/** @param {string} id @returns {any} the JSON that the server put into the page */
function given(id) {
  return JSON.parse(find(`#${id}`).textContent ?? "null");
}

/** The page. */
class Chat {
  constructor() {
    const page = /** @type {HTMLElement} */ (find("[data-chat]"));
    this.page = page;
    this.conversation = page.dataset.conversation || null;
    /** The client id of a question that was stopped before the server had accepted it. */
    this.unwanted = "";
    /** @type {Map<string, Turn>} */
    this.turns = new Map();
    this.socket = new ChatSocket(page.dataset.socket ?? "/ws/chat/");
    this.announcer = new Announcer(find("[data-live]"));
    this.passages = new PassageDialog(find("#passage-dialog"), page.dataset.source ?? "");
    this.sidebar = new Sidebar(find("[data-sidebar]"), { list: page.dataset.list ?? "" });
    const items = /** @type {HTMLElement} */ (find("#model-menu [data-items]"));
    this.models = new ModelPicker(
      find("[data-model-chip]"),
      find("#model-menu"),
      { models: given("models"), address: items.dataset.address ?? "" },
      { onchoose: (model) => this.answeredBy(model) },
    );
    this.search = new Search(this.sidebar);
    this.actions = new ListActions(this.sidebar, (words) => this.announcer.say(words));
    this.thread = new Thread(
      { scroller: find("[data-scroller]"), list: find("[data-turns]"), latest: find("[data-latest]") },
      {
        openSource: (turn, number) => this.passages.show(turn.id, number),
        askAgain: (turn) => this.askAgain(turn),
        goOn: (turn) => this.goOn(turn),
        edit: (turn) => this.branches.edit(turn),
        showVersion: (id) => this.branches.show(id),
        askAnother: this.models.several ? (turn, anchor) => this.askAnother(turn, anchor) : null,
        earlier: (id) => this.turns.get(id),
        takeBack: (turn) => this.socket.stop(turn.id),
      },
    );
    this.following = new Following(this.turns, {
      onturn: (turn) => this.askedElsewhere(turn),
      reload: () => this.branches.reload(this.conversation ?? ""),
      ontitle: (title) => this.named(title),
    });
    this.earlier = new Earlier(find("[data-earlier]"), find("[data-scroller]"), {
      first: () => this.turns.values().next().value,
      conversation: () => this.conversation,
      onturns: (turns) => this.showBefore(turns),
    });
    this.composer = new Composer(
      find("[data-composer]"),
      { limit: Number(page.dataset.questionMax), collections: given("collections") },
      { onsend: (text) => this.ask(text), onstop: () => this.stop() },
    );
    this.temporary = new Temporary(page, (words) => this.announcer.say(words));
    this.attached = new Attachments(page, given("files"), {
      conversation: () => this.conversation,
      onbegin: (conversation) => this.socket.watch(conversation),
      model: () => ({ sees: this.models.chosen?.sees ?? true, several: this.models.several }),
      say: (words) => this.announcer.say(words),
      onerror: (error) => this.composer.set({ error }),
    });
    this.gauge = new Gauge(find("[data-gauge]"), find("[data-full]"));
    this.branches = new Branches(find("[data-editing]"), {
      onturns: (turns) => this.show(turns),
      onerror: (error) => this.composer.set({ error }),
      onedit: (question) => this.composer.put(question),
    });
  }

  start() {
    for (const stored of given("turns")) this.bring(stored);
    this.earlier.refresh();
    this.listenToSocket();
    this.listenToKeys();
    if (this.conversation) this.socket.watch(this.conversation);
    for (const example of findAll("[data-example]")) {
      example.addEventListener("click", () => this.composer.put(example.dataset.example ?? ""));
    }
    this.socket.connect();
    const landing = new Landing({ reveal: (id) => this.thread.reveal(id), load: (id) => this.bringTurn(id) });
    if (landing.wanted()) void landing.go();
    else if (matchMedia("(pointer: fine)").matches) this.composer.text.focus();
  }

  /** @param {any} stored a turn as the page brings it */
  bring(stored) {
    const turn = resume(stored);
    this.keep(turn);
    if (isOpen(turn)) this.socket.follow(turn.id, 0);
  }

  listenToSocket() {
    this.socket.onaccepted = (frame) => this.accepted(frame);
    this.socket.onevent = (id, seq, event) => this.happened(id, seq, event);
    this.socket.onnews = (frame) => this.following.told(frame);
    this.socket.onerror = (frame) => this.refused(frame);
    this.socket.onstatus = (status) => {
      if (status === "signed-out") location.reload();
      this.composer.set({ connected: status === "open" });
      this.thread.showConnection(status === "open");
    };
    addEventListener("online", () => this.socket.connect());
    addEventListener("pageshow", () => this.socket.connect());
  }

  listenToKeys() {
    const shortcuts = /** @type {HTMLDialogElement} */ (find("#shortcuts-dialog"));
    find("[data-shortcuts]").addEventListener("click", () => shortcuts.showModal());
    for (const button of findAll("[data-opens]")) {
      const dialog = /** @type {HTMLDialogElement} */ (find(`#${button.dataset.opens}`));
      button.addEventListener("click", () => dialog.showModal());
    }
    const actions = {
      "/": () => this.composer.text.focus(),
      j: () => this.thread.step(1),
      k: () => this.thread.step(-1),
      n: () => location.assign("/"),
      b: () => this.sidebar.toggle(),
      m: () => this.models.choice && this.models.choosing(),
    };
    new Keys(shortcuts, actions, () => {
      if (this.running()) this.stop();
      else if (this.branches.edited) this.branches.cancel();
    });
  }

  /** @returns {Turn|undefined} the turn that is being answered */
  running() {
    return [...this.turns.values()].find((turn) => turn.status === "running");
  }

  /** @param {Turn} turn */
  keep(turn) {
    const before = this.turns.get(turn.id);
    this.turns.set(turn.id, turn);
    this.thread.show(turn);
    // A word more changes nothing around the thread.
    if (before?.status !== turn.status || before.usage !== turn.usage) this.refresh();
  }

  /** What stands around the thread, after its turns have changed. */
  refresh() {
    this.page.classList.toggle("is-empty", !this.turns.size);
    this.composer.set({ running: Boolean(this.running()) });
    this.gauge.show([...this.turns.values()]);
  }

  /** @param {string} text @returns {boolean} whether it was taken */
  ask(text) {
    if (this.branches.edited && this.wouldHide(this.branches.edited)) return false;
    if (this.attached.hold(() => this.composer.submit())) return false;
    const edited = this.branches.done();
    const images = [...(edited?.images ?? []), ...this.attached.images.taken()];
    const clientId = this.begin(text, edited, images);
    const place = edited ? { parent: edited.parent ?? null } : {};
    this.socket.send({ client_id: clientId, conversation: this.attached.conversation, text, collections: this.composer.chosen(), ...this.models.wanted(), ...this.temporary.wanted(this.conversation), ...(images.length ? { images } : {}), ...place });
    return true;
  }

  /** @param {Turn} turn whose question is asked again, beside it */
  askAgain(turn) {
    if (this.wouldHide(turn)) return;
    this.branches.done();
    const clientId = this.begin(turn.question, turn);
    this.socket.regenerate({ client_id: clientId, turn: turn.id, ...this.models.wanted() });
    this.composer.text.focus();
  }

  /** @param {Turn} turn whose answer broke off, and goes on in its place */
  goOn(turn) {
    if (this.wouldHide(turn)) return;
    this.branches.done();
    const clientId = this.begin(turn.question, turn);
    const begun = /** @type {Turn} */ (this.turns.get(clientId));
    this.keep({ ...begun, parts: turn.parts, sources: turn.sources, cited: turn.cited });
    this.socket.goOn({ client_id: clientId, turn: turn.id });
    this.composer.text.focus();
  }

  /** @param {Turn} turn whose question another model is asked @param {HTMLElement} anchor */
  askAnother(turn, anchor) {
    this.models.open(anchor, (model) => {
      this.models.choose(model);
      this.askAgain(turn);
    });
  }

  /** @param {import("./models.js").Model} model */
  answeredBy({ demo }) {
    for (const about of findAll("[data-about-demo]")) about.hidden = !demo;
  }

  /**
   * Whether another version of `version` would take the place of what is being answered; says so.
   *
   * @param {Turn} version
   */
  wouldHide(version) {
    const shown = [...this.turns.values()];
    const hides = shown.slice(shown.findIndex(({ id }) => id === version.id)).some(isOpen);
    if (hides) this.composer.set({ error: WOULD_HIDE });
    return hides;
  }

  /**
   * Shows a turn that is not accepted yet, in the place of `version` and what followed it.
   *
   * @param {string} question @param {Turn|null} version @param {string[]} [images]
   * @returns {string} the client's id for it
   */
  begin(question, version, images = version?.images ?? []) {
    const clientId = uuid();
    this.composer.set({ error: "" });
    if (version) this.cut(version.id);
    this.keep(newTurn(clientId, question, { ...version, images }));
    this.thread.toLatest();
    return clientId;
  }

  /** Takes the turn `id` and those after it off the page. @param {string} id */
  cut(id) {
    const ids = [...this.turns.keys()];
    for (const gone of ids.slice(ids.indexOf(id))) {
      this.turns.delete(gone);
      this.thread.remove(gone);
    }
  }

  /** Shows a branch: what it shares with the one before stays as it is. @param {any[]} stored */
  show(stored) {
    const pending = [...this.turns.values()].filter(({ phase }) => phase === "sending");
    const all = [...this.turns.keys()];
    const [first] = stored;
    const at = all.indexOf(first?.id);
    // What led there and is on the page already was not fetched again.
    const before = all.slice(at < 0 ? all.indexOf(first?.parent) + 1 : at);
    const differs = stored.findIndex(({ id }, index) => id !== before[index]);
    const same = differs < 0 ? stored.length : differs;
    if (same < before.length) this.cut(before[same]);
    stored.slice(0, same).forEach((turn) => this.renew(turn));
    stored.slice(same).forEach((turn) => this.bring(turn));
    pending.forEach((turn) => this.keep(turn));
    this.earlier.refresh();
  }

  /** What was said before all that is shown. @param {any[]} stored */
  showBefore(stored) {
    const turns = stored.map(resume);
    const later = [...this.turns];
    this.turns.clear();
    for (const [id, turn] of [...turns.map((turn) => /** @type {const} */ ([turn.id, turn])), ...later]) this.turns.set(id, turn);
    this.thread.prepend(turns);
    turns.filter(isOpen).forEach(({ id }) => this.socket.follow(id, 0));
  }

  /** Brings the branch that goes through the turn `id`, and of it what reaches back to there. @param {string} id */
  async bringTurn(id) {
    const has = () => this.turns.has(id);
    await this.earlier.until(has);
    if (has()) return;
    await this.branches.show(id);
    await this.earlier.until(has);
  }

  /** @param {any} stored a turn that is shown, as it is now */
  renew(stored) {
    const turn = /** @type {Turn} */ (this.turns.get(stored.id));
    if (!isOpen(turn) && turn.status !== stored.status) this.bring(stored);
    else if (stored.siblings.length !== turn.siblings.length) this.keep({ ...turn, siblings: stored.siblings });
  }

  /** @param {Turn} turn */
  askedElsewhere(turn) {
    this.keep(turn);
    this.socket.follow(turn.id, 0);
    this.announcer.say(`Asked in another window: ${turn.question}`);
  }

  /** @param {string} title */
  named(title) {
    if (find("[data-conversation-title]").textContent === title) return;
    this.sidebar.ontitle(title);
    this.sidebar.reload();
  }

  stop() {
    const turn = this.running();
    if (!turn) return;
    if (turn.phase === "sending") this.unwanted = turn.id;
    else this.socket.stop(turn.id);
  }

  /** @param {import("./socket.js").Frame} frame */
  accepted({ client_id: clientId, turn: id, parent, conversation, title, status }) {
    const turn = this.turns.get(clientId);
    if (!turn) return;
    const siblings = [...turn.siblings, id];
    const open = /** @type {const} */ (status === "queued" ? "queued" : "running");
    const named = { ...turn, id, parent, siblings, status: open, phase: open === "queued" ? /** @type {const} */ ("behind") : /** @type {const} */ ("started") };
    this.rename(clientId, named);
    this.following.changed();
    this.announcer.say(waiting(named));
    if (this.unwanted === clientId) this.socket.stop(id);
    if (this.conversation === conversation) return;
    this.conversation = conversation;
    this.socket.watch(conversation);
    this.temporary.begun(conversation);
    history.replaceState(null, "", (this.page.dataset.conversationUrl ?? "").replace("ID", conversation));
    this.sidebar.ontitle(title);
    this.sidebar.reload();
  }

  /** What the page knew as `before` has its own id now, and keeps its place. @param {string} before @param {Turn} turn */
  rename(before, turn) {
    const shown = [...this.turns.values()];
    this.turns.clear();
    for (const one of shown) this.turns.set(one.id === before ? turn.id : one.id, one.id === before ? turn : one);
    this.thread.rename(before, turn);
    this.refresh();
  }

  /** @param {string} id @param {number} seq @param {import("./turn.js").TurnEvent} event */
  happened(id, seq, event) {
    const before = this.turns.get(id);
    if (!before) return;
    const turn = receive(before, seq, event);
    if (event.type === "started") this.announcer.start();
    this.keep(turn);
    this.announce(before, turn);
  }

  /** @param {Turn} before @param {Turn} turn */
  announce(before, turn) {
    const ended = turn.phase === "ended";
    if (before.phase !== turn.phase && !ended && turn.phase !== "writing") this.announcer.say(waiting(turn));
    if (before.parts !== turn.parts || ended) this.announcer.follow(answerText(turn), ended);
    const withheld = turn.parts.at(-1);
    if (before.parts !== turn.parts && withheld?.kind === "withheld") this.announcer.say(withheld.message);
    if (ended) this.announcer.say(ending(turn) || `Answer complete, ${counted(turn.sources.length, "source")}.`);
  }

  /** @param {import("./socket.js").Frame} frame */
  refused({ client_id: clientId, turn: id, conversation, code, message }) {
    if (this.attached.lost(conversation)) return;
    if (conversation && conversation === this.conversation) {
      this.composer.set({ gone: true, error: DELETED });
      this.sidebar.reload();
      return;
    }
    const turn = this.turns.get(clientId ?? id);
    if (turn && clientId) {
      this.turns.delete(clientId);
      this.thread.remove(clientId);
      if (!turn.parts.length) this.composer.giveBack(turn.question);
      // Those of a question that is asked again stay with the first.
      if (!turn.siblings.length) this.attached.images.giveBack(turn.images);
      // An edit or another answer had taken the place of what is shown now.
      if (turn.siblings.length && this.conversation) void this.branches.reload(this.conversation);
    }
    if (turn && !clientId) this.keep({ ...turn, phase: "ended", status: "interrupted", reason: message });
    if (code === "gone" && this.conversation) void this.following.reload();
    if (!this.turns.size) this.page.classList.add("is-empty");
    this.composer.set({ running: Boolean(this.running()), error: turn && !clientId ? "" : message });
  }
}

new Chat().start();
