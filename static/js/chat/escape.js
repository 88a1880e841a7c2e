// Words as HTML: the renderers of the Markdown parser make strings.

/** @param {string} text */
export function escaped(text) {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
