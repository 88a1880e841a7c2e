// Elements without markup: text is always text.

const SVG = "http://www.w3.org/2000/svg";
const SPRITE = new URL("../../icons.svg", import.meta.url).pathname;

/**
 * An element. `on*` properties are listeners, `text` its words, `dataset` its data; anything else
 * is an attribute, left out when it is null, undefined or false.
 *
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node|string|null|undefined)} children
 * @returns {HTMLElement}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = value;
    else if (name === "dataset") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * An icon of the sprite, for the eye only.
 *
 * @param {string} name
 * @param {string} [variant] further classes
 */
export function icon(name, variant = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${variant}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * @template {Element} T
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {T}
 * @throws {Error} when nothing matches: a template and its script disagree
 */
export function find(selector, root = document) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return /** @type {T} */ (found);
}

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
export function findAll(selector, root = document) {
  return /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
}

/**
 * A random UUID. The browser's own maker is missing where a site is served without TLS.
 *
 * @returns {string} version 4, source: RFC 9562, section 5.4
 */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** @param {string} id @returns {any} the JSON that the server put into the page */
export function given(id) {
  return JSON.parse(find(`#${id}`).textContent ?? "null");
}

/**
 * Writes `text` to the clipboard and says so on `button` for two seconds.
 *
 * @param {HTMLElement} button with a `[data-label]` inside
 * @param {string} text
 */
export async function copy(button, text) {
  const label = /** @type {HTMLElement} */ (find("[data-label]", button));
  const before = label.dataset.label;
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = "Copied";
  } catch {
    label.textContent = "Could not copy";
  }
  setTimeout(() => (label.textContent = before ?? "Copy"), 2000);
}
