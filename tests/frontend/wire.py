"""The server's end of the page's socket, held by a test."""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

from chatapp.conversations import events
from tests.frontend import scripted

CONVERSATION = "77e20000-0000-4000-8000-000000000099"


class Wire:
    """The server's end of the page's socket: what came, and what to say."""

    def __init__(self) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.frames: list[dict[str, Any]] = []
        self.seq = 0

    def connect(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda data: self.frames.append(json.loads(data)))

    def tell(self, **frame: Any) -> None:
        self.sockets[-1].send(json.dumps(frame))

    def accept(
        self, turn: str = scripted.TURN, status: str = "running", parent: str | None = None
    ) -> None:
        """Accept the last question, or the last request for another answer."""
        sent = [frame for frame in self.frames if "client_id" in frame][-1]
        if status == "running":
            self.seq = 0
        self.tell(
            type="accepted",
            client_id=sent["client_id"],
            turn=turn,
            status=status,
            parent=sent.get("parent", parent),
            conversation=sent.get("conversation") or CONVERSATION,
            title=sent.get("text", "")[:20],
        )

    def happen(self, *told: events.Event, turn: str = scripted.TURN) -> None:
        for event in told:
            self.seq += 1
            self.tell(type="event", turn=turn, seq=self.seq, event=events.to_wire(event))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]


def until(page: Page, true: Callable[[], bool]) -> None:
    """Waits, while the browser's messages come in, for ``true``."""
    for _ in range(200):
        if true():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not happen within five seconds")


def ask(page: Page, wire: Wire, question: str = "How many days?") -> None:
    before = len(wire.of("send"))
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    until(page, lambda: len(wire.of("send")) > before)
