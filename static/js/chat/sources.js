// Sources: margin notes beside the sentence that cites them on wide screens, a list under the
// answer on others; each opens its passage.

import { element, find } from "./dom.js";

/** @typedef {import("./turn.js").SourceRef} SourceRef */

const GAP = 8;

/** @param {SourceRef} source */
function place({ title, page, heading }) {
  const kind = /\.(pptx|xlsx)$/i.exec(title)?.[1]?.toLowerCase() ?? "";
  const number = { pptx: `slide ${page}`, xlsx: `sheet ${page}` }[kind] ?? `p. ${page}`;
  return [page ? number : "", heading.split(" > ").at(-1) ?? ""].filter(Boolean).join(" · ");
}

/** The sources of one turn. */
export class SourcesView {
  /**
   * @param {HTMLElement} root the place that is kept for them
   * @param {(number: number) => void} open shows a passage
   */
  constructor(root, open) {
    this.root = root;
    this.open = open;
    this.list = element("ol", { class: "notes", role: "list" });
    this.root.append(element("h3", { class: "notes-title", text: "Sources" }), this.list);
  }

  /**
   * @param {SourceRef[]} sources
   * @param {number[]} cited those that the answer names come first
   */
  update(sources, cited) {
    this.root.hidden = !sources.length;
    const first = cited.filter((number) => sources.some((source) => source.number === number));
    const order = [...sources].sort((a, b) => rank(first, a) - rank(first, b));
    this.list.replaceChildren(...order.map((source) => this.note(source, first.includes(source.number))));
  }

  /** @param {SourceRef} source @param {boolean} cited */
  note(source, cited) {
    return element(
      "li",
      { class: "note", dataset: { number: source.number, cited: cited ? "yes" : "no" } },
      element(
        "button",
        { type: "button", class: "note-button", onclick: () => this.open(source.number) },
        element("span", { class: "mark", "aria-hidden": "true", text: source.number }),
        element("span", { class: "visually-hidden", text: `Source ${source.number}: ` }),
        element(
          "span",
          { class: "note-words" },
          element("bdi", { class: "note-title", text: source.title }),
          element("bdi", { class: "note-place", text: place(source) }),
        ),
      ),
    );
  }

  /**
   * Moves each note down to its first mark, never over another. Does nothing where the notes are
   * a list under the answer.
   *
   * @param {HTMLElement} answer
   */
  align(answer) {
    const beside = getComputedStyle(this.root).getPropertyValue("--beside").trim() === "yes";
    const notes = /** @type {HTMLElement[]} */ ([...this.list.children]);
    const top = this.list.getBoundingClientRect().top;
    // All is read before anything is changed, so that the page is laid out once.
    const places = notes.map((note) => {
      const mark = beside ? answer.querySelector(`.cite[data-number="${note.dataset.number}"]`) : null;
      return { wanted: mark ? mark.getBoundingClientRect().top - top : 0, height: note.offsetHeight };
    });
    let end = 0;
    places.forEach(({ wanted, height }, index) => {
      const shift = Math.max(0, Math.round(wanted - end));
      const margin = shift > 0 ? `${shift}px` : "";
      const { style } = notes[index];
      if (style.marginBlockStart !== margin) style.marginBlockStart = margin;
      end += shift + height + GAP;
    });
  }
}

/** @param {number[]} first @param {SourceRef} source */
function rank(first, { number }) {
  const index = first.indexOf(number);
  return index < 0 ? first.length + number : index;
}

/** The dialog that shows one passage, fetched through the access rules each time. */
export class PassageDialog {
  /** @param {HTMLDialogElement} dialog @param {string} address with ID and NUMBER to be replaced */
  constructor(dialog, address) {
    this.dialog = dialog;
    this.address = address;
  }

  /** @param {string} turn @param {number} number */
  async show(turn, number) {
    const body = find("[data-passage]", this.dialog);
    find("[data-number]", this.dialog).textContent = String(number);
    body.replaceChildren(element("p", { class: "muted", role: "status", text: "Opening the passage…" }));
    if (!this.dialog.open) this.dialog.showModal();
    body.replaceChildren(...(await this.load(turn, number)));
  }

  /** @param {string} turn @param {number} number @returns {Promise<Node[]>} */
  async load(turn, number) {
    const address = this.address.replace("ID", turn).replace("NUMBER", String(number));
    try {
      const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
      if (answer.redirected) throw new Error("signed out");
      if (!answer.ok && answer.status !== 410) throw new Error(String(answer.status));
      // Our own template, with every word of the document escaped by it.
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      return [...page.body.childNodes];
    } catch {
      return [
        element("p", { class: "muted", role: "alert", text: "The passage can’t be opened now. Nothing is lost; try again in a moment." }),
      ];
    }
  }
}
