// Follows a collection by its socket, connecting anew whenever it breaks.

const SIGNED_OUT = 4401;
const FORBIDDEN = 4403;
const UNKNOWN = 4404;
const ENDS = [SIGNED_OUT, FORBIDDEN, UNKNOWN];
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/**
 * @param {string} collection
 * @param {{frame: (frame: object) => void, live: (live: boolean) => void, ended: () => void}} on
 *   `ended` is called when the person may not follow any more.
 */
export function follow(collection, on) {
  let pause = FIRST_PAUSE_MS;
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/library/${collection}/`);
    socket.addEventListener("message", (message) => {
      pause = FIRST_PAUSE_MS;
      on.live(true);
      on.frame(JSON.parse(message.data));
    });
    socket.addEventListener("close", (event) => {
      if (ENDS.includes(event.code)) {
        on.ended();
        return;
      }
      on.live(false);
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    });
  };
  connect();
}
