// What is asked of the server by a form's rules.

import { find } from "./dom.js";

/**
 * Posts `fields` to `address`.
 *
 * @param {string} address
 * @param {Record<string, string>|URLSearchParams} [fields]
 * @param {AbortSignal} [signal] gives it up
 * @returns {Promise<Response>}
 * @throws {Error} when it was not done; also when the session has ended
 */
export async function post(address, fields = {}, signal) {
  const token = /** @type {HTMLInputElement} */ (find("[name=csrfmiddlewaretoken]")).value;
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams(fields), signal });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  return answer;
}
