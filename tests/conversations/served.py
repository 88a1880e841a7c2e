"""The product's ASGI application with a scripted model, to be served by a process of its own.

Leases are short, so that a test need not wait long for a dead process to be missed. No test
imports this: what it changes is changed for a whole process.
"""

import asyncio
from collections.abc import AsyncGenerator
from unittest.mock import patch

from chatapp.asgi import application
from chatapp.backends.base import ChatRequest, Delta, TextDelta
from chatapp.conversations import log, running
from chatapp.conversations.events import KINDS
from chatapp.conversations.turn import Tools, TurnRequest, run_turn
from chatapp.conversations.verdicts import Output
from tests.conversations import scripted, vocabulary
from tests.conversations.scripted import BIG, SENTENCE

__all__ = ["application"]


class Storyteller(scripted.ScriptedBackend):
    """Tells a story without end when asked for something slow, and sends a megabyte when asked
    for something big."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        question = request.messages[-1].content
        if "slow" in question:
            for number in range(100_000):
                yield TextDelta(SENTENCE.format(number))
                await asyncio.sleep(0.02)
        for _ in range(100 if "big" in question else 1):
            yield TextDelta(BIG if "big" in question else "Hello.")
            await asyncio.sleep(0)
        yield scripted.DONE


def told(request: TurnRequest, tools: Tools) -> AsyncGenerator[Output, None]:
    """A question that names a kind of event stops behind one of it."""
    if request.question in KINDS and request.kept is None:
        return vocabulary.Teller()(request, tools)
    return run_turn(request, tools)


def install() -> None:
    tools = scripted.make_tools(Storyteller())
    patch("chatapp.wiring.tools", lambda *_: tools).start()
    patch.object(running, "run_turn", told).start()
    patch.object(log, "LEASE_SECONDS", 2).start()
    patch.object(running, "REFRESH_SECONDS", 0.3).start()


install()
