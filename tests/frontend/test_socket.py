"""The socket's client: comes back, misses no event, loses no question and asks none twice."""

from typing import Any

import pytest
from playwright.sync_api import Page

# A wire whose other end is the test; timers run at once, and say how long they would have been.
WIRE = """
const { ChatSocket, pause } = await import("/static/js/chat/socket.js");
class Wire {
  constructor() { this.readyState = 0; this.sent = []; wires.push(this); }
  send(data) { this.sent.push(JSON.parse(data)); }
  open() { this.readyState = 1; this.onopen(); }
  tell(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
  close(code) { this.readyState = 3; this.onclose({ code }); }
}
const wires = [], seen = [], statuses = [], pauses = [];
const later = globalThis.setTimeout;
globalThis.setTimeout = (run, wait) => { pauses.push(wait); waiting = run; };
let waiting = () => {};
const socket = new ChatSocket("/ws/chat/", () => new Wire());
socket.onevent = (turn, seq, event) => seen.push(seq);
socket.onstatus = (status) => statuses.push(status);
const event = (seq, type = "text") => ({ type: "event", turn: "t", seq, event: { type } });
const question = (id) => ({ client_id: id, conversation: null, text: "hello", collections: null });
const accepted = (id) =>
  ({ type: "accepted", client_id: id, turn: "t", conversation: "c", title: "x" });
socket.connect();
try { %s } finally { globalThis.setTimeout = later; }
"""


def play(page: Page, script: str) -> Any:
    return page.evaluate("async () => {" + WIRE.replace("%s", script) + "}")


def test_a_question_is_sent_and_its_events_follow(blank: Page) -> None:
    result = play(
        blank,
        """wires[0].open(); socket.send(question("a")); wires[0].tell(accepted("a"));
        [1, 2, 3].forEach((seq) => wires[0].tell(event(seq)));
        return [wires[0].sent, seen, socket.pending.size];""",
    )
    sent, seen, pending = result
    assert sent == [
        {
            "type": "send",
            "client_id": "a",
            "conversation": None,
            "text": "hello",
            "collections": None,
        }
    ]
    assert seen == [1, 2, 3]
    assert pending == 0


def test_it_attaches_after_the_last_event_that_it_has(blank: Page) -> None:
    attached = play(
        blank,
        """wires[0].open(); socket.send(question("a")); wires[0].tell(accepted("a"));
        [1, 2].forEach((seq) => wires[0].tell(event(seq)));
        wires[0].close(1006); waiting(); wires[1].open();
        return wires[1].sent;""",
    )
    assert attached == [{"type": "attach", "turn": "t", "after": 2}]


def test_a_question_that_was_not_accepted_is_sent_again_with_the_same_id(blank: Page) -> None:
    first, second, third = play(
        blank,
        """wires[0].open(); socket.send(question("a"));
        wires[0].close(1012); waiting(); wires[1].open(); wires[1].tell(accepted("a"));
        wires[1].close(1006); waiting(); wires[2].open();
        return wires.map(({ sent }) => sent.filter(({ type }) => type === "send"));""",
    )
    assert [frame["client_id"] for frame in first] == ["a"]
    assert second == first
    assert third == []


def test_a_question_asked_while_away_is_sent_on_return(blank: Page) -> None:
    sent = play(
        blank,
        """wires[0].open(); wires[0].close(1006); socket.send(question("b")); waiting();
        wires[1].open(); return wires.map(({ sent }) => sent.length);""",
    )
    assert sent == [0, 1]


def test_events_that_come_twice_are_told_once(blank: Page) -> None:
    seen = play(
        blank,
        """wires[0].open(); socket.follow("t", 0);
        [1, 2, 2, 1, 3].forEach((seq) => wires[0].tell(event(seq))); return seen;""",
    )
    assert seen == [1, 2, 3]


def test_a_hole_is_filled_before_anything_after_it_is_shown(blank: Page) -> None:
    seen, sent = play(
        blank,
        """wires[0].open(); socket.follow("t", 0);
        [1, 4, 5].forEach((seq) => wires[0].tell(event(seq)));
        [2, 3, 4, 5].forEach((seq) => wires[0].tell(event(seq)));
        return [seen, wires[0].sent];""",
    )
    assert seen == [1, 2, 3, 4, 5]
    assert sent == [
        {"type": "attach", "turn": "t", "after": 0},
        {"type": "attach", "turn": "t", "after": 1},
    ]


def test_a_turn_that_ended_is_not_followed_again(blank: Page) -> None:
    sent = play(
        blank,
        """wires[0].open(); socket.follow("t", 0); wires[0].tell(event(1, "ended"));
        wires[0].close(1006); waiting(); wires[1].open(); return wires[1].sent;""",
    )
    assert sent == []


def test_another_turns_events_are_not_shown(blank: Page) -> None:
    seen = play(
        blank,
        """wires[0].open();
        wires[0].tell({ type: "event", turn: "of another", seq: 1, event: { type: "text" } });
        return seen;""",
    )
    assert seen == []


def test_pauses_grow_and_end_when_it_is_back(blank: Page) -> None:
    pauses = play(
        blank,
        """for (let n = 0; n < 9; n += 1) { wires.at(-1).close(1006); waiting(); }
        wires.at(-1).open(); wires.at(-1).close(1006); return pauses;""",
    )
    assert len(pauses) == 10
    assert pauses[0] <= 500
    assert pauses[8] >= 7_500
    assert max(pauses) <= 15_000
    assert pauses[9] <= 500


def test_it_slows_down_when_the_server_says_so(blank: Page) -> None:
    assert play(blank, "wires[0].open(); wires[0].close(4429); return pauses;") == [15_000]


def test_it_stays_away_when_the_session_ended(blank: Page) -> None:
    result = play(blank, "wires[0].open(); wires[0].close(4401); return [statuses, pauses];")
    assert result == [["connecting", "open", "signed-out"], []]


def test_a_refused_question_is_not_sent_again(blank: Page) -> None:
    sent, refused = play(
        blank,
        """const refused = []; socket.onerror = ({ code }) => refused.push(code);
        wires[0].open(); socket.send(question("a"));
        wires[0].tell({ type: "error", code: "busy", message: "No.", client_id: "a" });
        wires[0].close(1006); waiting(); wires[1].open(); return [wires[1].sent, refused];""",
    )
    assert sent == []
    assert refused == ["busy"]


def test_a_turn_whose_events_are_gone_is_not_followed_again(blank: Page) -> None:
    sent = play(
        blank,
        """wires[0].open(); socket.follow("t", 0);
        wires[0].tell({ type: "error", code: "gone", message: "No.", turn: "t" });
        wires[0].close(1006); waiting(); wires[1].open(); return wires[1].sent;""",
    )
    assert sent == []


@pytest.mark.parametrize("again", [1, 2])
def test_connecting_again_opens_no_second_socket(blank: Page, again: int) -> None:
    opened = play(blank, "socket.connect();" * again + "return wires.length;")
    assert opened == 1
