// The chat page: state, socket and views, put together.

import { Announcer } from "./announce.js";
import { Attachments } from "./attachments.js";
import { Branches } from "./branches.js";
import { Composer } from "./composer.js";
import { Earlier } from "./earlier.js";
import { find, findAll, given, uuid } from "./dom.js";
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
import { newTurn, receive, resume } from "./turn.js";
import { Turns } from "./turns.js";
import { waiting } from "./words.js";

/** @typedef {import("./turn.js").Turn} Turn */

const DELETED = "This conversation was deleted. What you see here is not kept any more.";
const WOULD_HIDE = "An answer below is not done yet. Wait for it or stop it first.";

/** @param {string} id */
const dialog = (id) => /** @type {HTMLDialogElement} */ (find(`#${id}`));

class Chat {
  constructor() {
    const page = /** @type {HTMLElement} */ (find("[data-chat]"));
    this.page = page;
    this.conversation = page.dataset.conversation || null;
    /** The client id of a question that was stopped before the server had accepted it. */
    this.unwanted = "";
    this.socket = new ChatSocket(page.dataset.socket ?? "/ws/chat/");
    this.announcer = new Announcer(find("[data-live]"));
    this.passages = new PassageDialog(find("#passage-dialog"), page.dataset.source ?? "");
    this.sidebar = new Sidebar(find("[data-sidebar]"), { list: page.dataset.list ?? "" });
    this.models = new ModelPicker(find("[data-model-chip]"), find("#model-menu"), given("models"), {
      onchoose: ({ demo }) => findAll("[data-about-demo]").forEach((about) => (about.hidden = !demo)),
    });
    new Search(this.sidebar);
    new ListActions(this.sidebar, (words) => this.announcer.say(words));
    this.thread = new Thread(
      { scroller: find("[data-scroller]"), list: find("[data-turns]"), latest: find("[data-latest]") },
      {
        openSource: (turn, number) => this.passages.show(turn.id, number),
        askAgain: (turn) => this.askAgain(turn),
        goOn: (turn) => this.goOn(turn),
        edit: (turn) => this.branches.edit(turn),
        showVersion: (id) => this.branches.show(id),
        askAnother: this.models.several ? (turn, anchor) => this.askAnother(turn, anchor) : null,
        earlier: (id) => this.turns.byId.get(id),
        takeBack: (turn) => this.socket.stop(turn.id),
      },
    );
    this.turns = new Turns(this.thread, this.socket, () => this.refresh());
    this.following = new Following(this.turns.byId, {
      onturn: (turn) => this.askedElsewhere(turn),
      reload: () => this.branches.reload(this.conversation ?? ""),
      ontitle: (title) => this.named(title),
    });
    this.earlier = new Earlier(find("[data-earlier]"), find("[data-scroller]"), {
      first: () => this.turns.all[0],
      conversation: () => this.conversation,
      onturns: (turns) => this.turns.prepend(turns),
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
    for (const stored of given("turns")) this.turns.follow(resume(stored));
    this.earlier.refresh();
    this.listenToSocket();
    this.listenToKeys();
    if (this.conversation) this.socket.watch(this.conversation);
    this.socket.connect();
    const landing = new Landing({ reveal: (id) => this.thread.reveal(id), load: (id) => this.bringTurn(id) });
    if (landing.wanted()) void landing.go();
    else if (matchMedia("(pointer: fine)").matches) this.composer.text.focus();
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
    for (const back of ["online", "pageshow"]) addEventListener(back, () => this.socket.connect());
  }

  listenToKeys() {
    for (const button of findAll("[data-opens]")) {
      button.addEventListener("click", () => dialog(button.dataset.opens ?? "").showModal());
    }
    const actions = {
      "/": () => this.composer.text.focus(),
      j: () => this.thread.step(1),
      k: () => this.thread.step(-1),
      n: () => location.assign("/"),
      b: () => this.sidebar.toggle(),
      m: () => this.models.choice && this.models.choosing(),
    };
    new Keys(dialog("shortcuts-dialog"), actions, () => {
      if (this.turns.running) this.stop();
      else if (this.branches.edited) this.branches.cancel();
    });
  }

  /** What stands around the thread, after its turns have changed. */
  refresh() {
    this.page.classList.toggle("is-empty", !this.turns.byId.size);
    this.composer.set({ running: Boolean(this.turns.running) });
    this.gauge.show(this.turns.all);
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
    const begun = /** @type {Turn} */ (this.turns.byId.get(clientId));
    this.turns.keep({ ...begun, parts: turn.parts, sources: turn.sources, cited: turn.cited });
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

  /**
   * Whether another version of `version` would take the place of what is being answered; says so.
   *
   * @param {Turn} version
   */
  wouldHide(version) {
    const hides = this.turns.isOpenFrom(version.id);
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
    if (version) this.turns.cut(version.id);
    this.turns.keep(newTurn(clientId, question, { ...version, images }));
    this.thread.toLatest();
    return clientId;
  }

  /** Shows a branch. @param {any[]} stored */
  show(stored) {
    this.turns.show(stored);
    this.earlier.refresh();
  }

  /** Brings the branch that goes through the turn `id`, and of it what reaches back to there. @param {string} id */
  async bringTurn(id) {
    const has = () => this.turns.byId.has(id);
    await this.earlier.until(has);
    if (has()) return;
    await this.branches.show(id);
    await this.earlier.until(has);
  }

  /** @param {Turn} turn */
  askedElsewhere(turn) {
    this.turns.follow(turn);
    this.announcer.say(`Asked in another window: ${turn.question}`);
  }

  /** @param {string} title */
  named(title) {
    if (find("[data-conversation-title]").textContent === title) return;
    this.sidebar.ontitle(title);
    this.sidebar.reload();
  }

  stop() {
    const turn = this.turns.running;
    if (!turn) return;
    if (turn.phase === "sending") this.unwanted = turn.id;
    else this.socket.stop(turn.id);
  }

  /** @param {import("./socket.js").Frame} frame */
  accepted({ client_id: clientId, turn: id, parent, conversation, title, status }) {
    const turn = this.turns.byId.get(clientId);
    if (!turn) return;
    const siblings = [...turn.siblings, id];
    const open = /** @type {const} */ (status === "queued" ? "queued" : "running");
    const named = { ...turn, id, parent, siblings, status: open, phase: open === "queued" ? /** @type {const} */ ("behind") : /** @type {const} */ ("started") };
    this.turns.rename(clientId, named);
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

  /** @param {string} id @param {number} seq @param {import("./turn.js").TurnEvent} event */
  happened(id, seq, event) {
    const before = this.turns.byId.get(id);
    if (!before) return;
    const turn = receive(before, seq, event);
    if (event.type === "started") this.announcer.start();
    this.turns.keep(turn);
    this.announcer.told(before, turn);
  }

  /** @param {import("./socket.js").Frame} frame */
  refused({ client_id: clientId, turn: id, conversation, code, message }) {
    if (this.attached.lost(conversation)) return;
    if (conversation && conversation === this.conversation) {
      this.composer.set({ gone: true, error: DELETED });
      this.sidebar.reload();
      return;
    }
    const turn = this.turns.byId.get(clientId ?? id);
    if (turn && clientId) {
      this.turns.drop(clientId);
      if (!turn.parts.length) this.composer.giveBack(turn.question);
      // Those of a question that is asked again stay with the first.
      if (!turn.siblings.length) this.attached.images.giveBack(turn.images);
      // An edit or another answer had taken the place of what is shown now.
      if (turn.siblings.length && this.conversation) void this.branches.reload(this.conversation);
    }
    if (turn && !clientId) this.turns.keep({ ...turn, phase: "ended", status: "interrupted", reason: message });
    if (code === "gone" && this.conversation) void this.following.reload();
    this.refresh();
    this.composer.set({ error: turn && !clientId ? "" : message });
  }
}

new Chat().start();
