// Which model answers: a chip in the composer, and one menu for it and for answers made anew.

import { element, find, icon } from "./dom.js";
import { openBeside, stepThrough } from "./popover.js";

/**
 * A model as docs/protocol.md describes it.
 * @typedef {{id: string, name: string, demo: boolean, state: string, note: string, sees: boolean,
 *   efforts: string[], effort: string}} Model
 *
 * @typedef {object} PickerHooks
 * @property {(model: Model) => void} onchoose
 */

const CHOOSABLE = ["ready", "loading"];
/** @type {Record<string, string>} */
const STATES = { loading: "Loading", away: "Away", missing: "Gone", withheld: "Withheld" };

/** @type {Record<string, string>} */
const EFFORTS = { off: "Not at all", on: "Yes", low: "A little", medium: "Medium", high: "A lot" };
/** @type {Record<string, string>} */
const SAID = { off: "no thinking", on: "thinking", low: "thinks a little", medium: "thinks", high: "thinks a lot" };

/** @param {Model} model whether it can be chosen as it stands */
const choosable = ({ state }) => CHOOSABLE.includes(state);

export class ModelPicker {
  /**
   * @param {HTMLElement} button the chip
   * @param {HTMLElement} menu a popover; the address of its items tells how the models stand now
   * @param {Model[]} models
   * @param {PickerHooks} hooks
   */
  constructor(button, menu, models, hooks) {
    this.button = button;
    this.menu = menu;
    this.models = models;
    this.address = find("[data-items]", menu).dataset.address ?? "";
    this.hooks = hooks;
    this.chosen = this.first(button.dataset.chosen ?? "");
    /** What was chosen of how much it thinks; "" where nobody chose. */
    this.effort = button.dataset.effort ?? "";
    /** What is done with the model that the open menu gives. @type {(model: Model) => void} */
    this.then = (model) => this.choose(model);
    this.listen();
    this.showChosen();
  }

  /** Whether there are models to choose from. */
  get several() {
    return this.models.length > 1;
  }

  /** Whether there is anything to choose. */
  get choice() {
    return this.several || (this.chosen?.efforts.length ?? 0) > 1;
  }

  /** How much the chosen model thinks: as chosen, where it can, or as it does unasked. */
  get thinks() {
    const { efforts = [], effort = "" } = this.chosen ?? {};
    return efforts.includes(this.effort) ? this.effort : effort;
  }

  /** The wanted one, if it is still there; else the first that can answer. @param {string} wanted */
  first(wanted) {
    return this.models.find(({ id }) => id === wanted) ?? this.models.find(choosable) ?? this.models.at(0);
  }

  /** The fields of a frame that say which model answers. */
  wanted() {
    if (!this.chosen) return {};
    const able = this.chosen.efforts.includes(this.effort);
    return { model: this.chosen.id, ...(able ? { effort: this.effort } : {}) };
  }

  listen() {
    this.button.addEventListener("click", () => this.choosing());
    this.menu.addEventListener("keydown", (event) => stepThrough(find("[data-items]", this.menu), event));
    this.menu.addEventListener("toggle", (event) => {
      const open = /** @type {ToggleEvent} */ (event).newState === "open";
      this.button.setAttribute("aria-expanded", String(open && this.anchor === this.button));
    });
  }

  /** Opens the menu for what is asked next. */
  choosing() {
    this.open(this.button, (model) => this.choose(model));
  }

  /**
   * Opens the menu beside `anchor`; what is picked goes to `then`.
   *
   * @param {HTMLElement} anchor @param {(model: Model) => void} then
   */
  open(anchor, then) {
    this.anchor = anchor;
    this.then = then;
    anchor.focus(); // where the focus comes back to, also when a key opened the menu
    this.showMenu();
    openBeside(this.menu, anchor);
    this.focus(this.chosen?.id ?? "");
    void this.look();
  }

  /** @param {Model} model */
  choose(model) {
    this.chosen = model;
    this.showChosen();
    this.hooks.onchoose(model);
  }

  /** Asks how the models stand; where nobody answers, what was known stays. */
  async look() {
    try {
      const answer = await fetch(this.address);
      if (!answer.ok || answer.redirected) return;
      this.models = (await answer.json()).models;
    } catch {
      return;
    }
    const focused = /** @type {HTMLElement|null} */ (document.activeElement);
    const inside = focused && this.menu.contains(focused) ? focused.dataset.model ?? "" : null;
    this.showMenu();
    if (inside !== null) this.focus(inside);
    this.chosen = this.first(this.chosen?.id ?? "");
    this.showChosen();
  }

  showChosen() {
    this.button.hidden = !this.choice && (this.chosen?.state ?? "ready") === "ready";
    find("[data-name]", this.button).textContent = this.chosen?.name ?? "";
    const state = this.chosen && STATES[this.chosen.state];
    const says = find("[data-state]", this.button);
    says.hidden = !state;
    says.textContent = state ?? "";
    const effort = (this.chosen?.efforts.length ?? 0) > 1 ? SAID[this.thinks] : "";
    const thinks = find("[data-effort-says]", this.button);
    thinks.hidden = !effort;
    thinks.textContent = effort ?? "";
  }

  showMenu() {
    const items = this.models.map((model, number) => this.item(model, number === 0));
    find("[data-items]", this.menu).replaceChildren(...items);
    const efforts = this.chosen?.efforts ?? [];
    find("[data-reasoning]", this.menu).hidden = efforts.length < 2 || this.anchor !== this.button;
    find("[data-efforts]", this.menu).replaceChildren(...efforts.map((effort) => this.effortChoice(effort)));
  }

  /** A native radio button, which has its own keys. @param {string} effort */
  effortChoice(effort) {
    const radio = element("input", {
      type: "radio",
      name: "effort",
      value: effort,
      checked: effort === this.thinks,
      onchange: () => {
        this.effort = effort;
        this.showChosen();
      },
    });
    return element("label", { class: "effort" }, radio, element("span", { text: EFFORTS[effort] ?? effort }));
  }

  /** @param {Model} model @param {boolean} first whether it answers where none is chosen */
  item(model, first) {
    const { id, name, note, state, demo } = model;
    const checked = id === this.chosen?.id;
    const able = choosable(model);
    const marks = [first ? "Answers first" : "", demo ? "Demonstration" : "", STATES[state] ?? ""].filter(Boolean);
    return element(
      "button",
      {
        type: "button",
        role: "menuitemradio",
        class: "item",
        tabindex: "-1",
        "aria-checked": String(checked),
        "aria-disabled": able ? null : "true",
        dataset: { model: id, label: name },
        onclick: () => able && this.pick(model),
      },
      icon(checked ? "check" : able ? "cpu" : "ban"),
      element(
        "span",
        { class: "words" },
        element("bdi", { class: "name", text: name }),
        note ? element("small", { text: note }) : null,
      ),
      marks.length ? element("small", { class: "marks", text: marks.join(", ") }) : null,
    );
  }

  /** @param {Model} model */
  pick(model) {
    this.menu.hidePopover();
    this.then(model);
  }

  /** @param {string} id */
  focus(id) {
    const items = /** @type {HTMLElement[]} */ ([...this.menu.querySelectorAll("[data-model]")]);
    (items.find(({ dataset }) => dataset.model === id) ?? items.at(0))?.focus();
  }
}
