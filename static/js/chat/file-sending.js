// One file on its way to the server.

import { find, uuid } from "./dom.js";

/** @typedef {import("./files.js").Told} Told */

/** @typedef {import("./files.js").Entry} Entry */

const TOO_LARGE = "The file is larger than this site allows.";
export const MEGABYTE = 1024 * 1024;

/** What is on the page of a file that was chosen just now. @param {File} file @returns {Entry} */
export function begun(file) {
  return { key: uuid(), id: "", name: file.name, size: file.size, state: "uploading", words: "", detail: "", file, sending: new AbortController() };
}

/** "" where `file` is not too large. @param {File} file @param {number} megabytes */
export function tooLarge({ size }, megabytes) {
  return size > megabytes * MEGABYTE ? `The file is larger than ${megabytes} MB.` : "";
}

/**
 * Sends `file`; the file as the server tells it, or why it was not taken, in a sentence.
 *
 * @param {string} address
 * @param {File} file
 * @param {(share: number) => void} onprogress of 1
 * @param {AbortSignal} signal
 * @returns {Promise<Told|string>}
 * @throws {Error} where the server did not answer, or the session has ended
 */
export function send(address, file, onprogress, signal) {
  const request = new XMLHttpRequest(); // fetch tells no progress
  const body = new FormData();
  body.set("file", file);
  request.open("POST", address);
  request.setRequestHeader("X-CSRFToken", /** @type {HTMLInputElement} */ (find("[name=csrfmiddlewaretoken]")).value);
  request.upload.addEventListener("progress", ({ loaded, total }) => total && onprogress(loaded / total));
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve, reject) => {
    const failed = () => reject(new Error(String(request.status)));
    request.addEventListener("error", failed);
    request.addEventListener("abort", failed);
    request.addEventListener("load", () => {
      if (request.status === 413) return resolve(TOO_LARGE);
      try {
        const { file: told, error } = JSON.parse(request.responseText);
        if (told || error) resolve(told ?? error);
        else failed();
      } catch {
        failed();
      }
    });
    request.send(body);
  });
}
