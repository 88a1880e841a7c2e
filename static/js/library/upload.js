// Sends files one by one, each with its own progress, so that a bad one hurts no other.

const AT_ONCE = 3;
const SIGNED_OUT = "You are signed out. Nothing was sent: sign in and drop the file again.";
const BROKEN = "The connection broke. Drop the file again.";
const FAILED = "The server could not take it. Try again in a moment.";

export class Uploader {
  /**
   * @param {HTMLElement} page
   * @param {(row: string) => void} accepted called with the new document's row
   */
  constructor(page, accepted) {
    this.form = page.querySelector("[data-upload]");
    this.list = page.querySelector("[data-uploads]");
    this.icon = this.form.querySelector("use").getAttribute("href").replace(/#.*/, "");
    this.accepted = accepted;
    this.waiting = [];
    this.sending = 0;
    this.takeOver();
  }

  /** Files are sent as soon as they are chosen: the button for those without scripts goes. */
  takeOver() {
    const input = this.form.querySelector("input[type=file]");
    this.form.classList.add("live");
    this.form.querySelector("[data-plain-upload]").hidden = true;
    this.form.querySelector("[data-drop-hint]").hidden = false;
    const take = () => {
      this.send([...input.files]);
      input.value = "";
    };
    input.addEventListener("change", take);
    if (input.files.length) take(); // chosen before this script came
    addEventListener("beforeunload", (event) => {
      if (this.sending) event.preventDefault();
    });
  }

  /** @param {File[]} files */
  send(files) {
    const most = Number(this.form.dataset.maxBytes);
    for (const file of files) {
      const item = this.item(file.name);
      if (file.size > most) {
        this.refuse(item, `The file is larger than ${this.form.dataset.maxMegabytes} MB.`);
      } else {
        this.waiting.push({ file, item });
      }
    }
    this.next();
  }

  next() {
    while (this.sending < AT_ONCE && this.waiting.length) {
      this.sending += 1;
      const { file, item } = this.waiting.shift();
      this.post(file, item).then((sentence) => {
        this.sending -= 1;
        if (sentence) this.refuse(item, sentence);
        else this.drop(item);
        this.next();
      });
    }
  }

  /** @returns {Promise<string>} why it was refused, or "" */
  post(file, item) {
    const body = new FormData();
    body.append("files", file);
    const request = new XMLHttpRequest();
    request.open("POST", this.form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", this.form.elements.csrfmiddlewaretoken.value);
    request.upload.addEventListener("progress", (event) => {
      const bar = item.querySelector("progress");
      bar.max = event.total;
      bar.value = event.loaded;
    });
    return new Promise((resolve) => {
      request.addEventListener("load", () => resolve(this.read(request)));
      request.addEventListener("error", () => resolve(BROKEN));
      request.send(body);
    });
  }

  read(request) {
    const signIn = new URL(request.responseURL).pathname === this.form.dataset.signIn;
    if (signIn || request.status === 401) return SIGNED_OUT;
    if (request.status === 413) return `The file is larger than ${this.form.dataset.maxMegabytes} MB.`;
    let result;
    try {
      [result] = JSON.parse(request.responseText).results;
    } catch {
      return FAILED;
    }
    if (result?.accepted) this.accepted(result.row);
    return result?.accepted ? "" : result?.refusal ?? FAILED;
  }

  item(name) {
    const item = document.createElement("li");
    const label = document.createElement("bdi");
    label.className = "truncate";
    label.textContent = name;
    const bar = document.createElement("progress");
    bar.className = "progress";
    bar.setAttribute("aria-label", `Sending ${name}`);
    item.append(label, bar);
    this.list.append(item);
    this.list.hidden = false;
    return item;
  }

  refuse(item, sentence) {
    item.className = "refused";
    item.querySelector("progress").remove();
    const reason = document.createElement("p");
    reason.className = "refusal";
    reason.setAttribute("role", "alert");
    reason.append(this.mark("circle-alert"), sentence);
    const dismiss = document.createElement("button");
    dismiss.type = "button";
    dismiss.className = "button quiet compact";
    dismiss.append(this.mark("x"), "Dismiss");
    dismiss.addEventListener("click", () => this.drop(item));
    item.append(dismiss, reason);
  }

  drop(item) {
    item.remove();
    this.list.hidden = this.list.children.length === 0;
  }

  mark(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${this.icon}#${name}`);
    svg.append(use);
    return svg;
  }
}
