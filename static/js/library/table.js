// The table of documents: the server renders each row, and this keeps it true.

const SAY_EVERY_MS = 4000;

export class Table {
  /** @param {HTMLElement} page */
  constructor(page) {
    this.page = page;
    this.rows = page.querySelector("[data-rows]");
    this.unsaid = "";
    this.counts = null;
    // What is older than the page's newest row is on a page after it.
    this.isFirstPage = !new URLSearchParams(location.search).has("page");
    const newest = this.rows.querySelector("time");
    this.newerThan = newest ? Date.parse(newest.dateTime) : 0;
  }

  /** @param {{type: string}} frame */
  apply(frame) {
    if (frame.type === "snapshot") this.snapshot(frame);
    else if (frame.type === "document") this.document(frame);
    else if (frame.type === "removed") this.remove(frame.id);
    else if (frame.type === "counts") this.count(frame);
  }

  snapshot(frame) {
    for (const each of frame.documents) this.document(each);
    if (frame.complete) {
      const there = new Set(frame.documents.map((each) => each.id));
      for (const row of [...this.rows.children]) {
        if (!there.has(row.dataset.document)) this.remove(row.dataset.document);
      }
    }
    this.count(frame.counts);
  }

  row(id) {
    return this.rows.querySelector(`[data-document="${CSS.escape(id)}"]`);
  }

  /** Put in the row that the server rendered for a new document. */
  add(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const row = template.content.querySelector("tr");
    if (!row || this.row(row.dataset.document)) return;
    this.rows.prepend(row);
    this.showWhetherEmpty();
  }

  async document(frame) {
    const row = this.row(frame.id);
    if (row) this.update(row, frame);
    else if (this.isFirstPage && Date.parse(frame.created) >= this.newerThan) await this.fetchRow(frame);
  }

  /** A document that somebody else, or another window, added. */
  async fetchRow(frame) {
    const answer = await fetch(`/library/documents/${frame.id}/`, { redirect: "error" });
    if (answer.ok) this.add(await answer.text());
  }

  update(row, frame) {
    const part = (name) => row.querySelector(`[data-part="${name}"]`);
    const failsNow = frame.state === "failed" && row.dataset.state !== "failed";
    row.dataset.state = frame.state;
    row.querySelectorAll(".segments > i").forEach((mark, i) => { mark.className = frame.segments[i]; });
    setText(part("words"), frame.words);
    setText(part("detail"), frame.detail);
    setText(part("passages"), frame.passages ? String(frame.passages) : "–");
    const number = part("passages").closest("td");
    number.classList.toggle("none", !frame.passages);
    number.dataset.label = frame.passages === 1 ? "passage" : "passages";
    part("why").hidden = !frame.detail;
    part("retry").hidden = frame.state !== "failed";
    part("delete").hidden = frame.state === "deleting";
    if (failsNow) this.say(`${frame.name} failed. ${frame.detail}`);
  }

  remove(id) {
    const row = this.row(id);
    // Whoever works by keyboard goes on from the neighbour, not from the top of the page.
    const held = row?.contains(document.activeElement) || document.activeElement === document.body;
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    row?.remove();
    if (held) next?.querySelector("a, button:not([hidden])")?.focus();
    this.showWhetherEmpty();
  }

  count(counts) {
    const words = this.page.querySelector("[data-count-words]");
    words.hidden = counts.total === 0;
    setText(words, counts.words);
    const bar = this.page.querySelector("[data-batch]");
    bar.hidden = counts.working === 0;
    bar.max = Math.max(1, counts.total);
    bar.value = counts.done;
    this.page.querySelector("[data-retry-failed]").hidden = counts.failed === 0;
    if (this.counts && this.counts.words !== counts.words) this.say(counts.words);
    this.counts = counts;
  }

  showWhetherEmpty() {
    const empty = this.rows.children.length === 0;
    this.page.querySelector("[data-table]").hidden = empty;
    this.page.querySelector("[data-empty]").hidden = !empty;
  }

  /** Tell a screen reader, the newest only and no more often than it can be heard. */
  say(sentence) {
    const waiting = this.unsaid !== "";
    this.unsaid = sentence;
    if (waiting) return;
    setTimeout(() => {
      this.page.querySelector("[data-status]").textContent = this.unsaid;
      this.unsaid = "";
    }, SAY_EVERY_MS);
  }
}

/** Only a text that differs is written, so that a selection in it survives. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
