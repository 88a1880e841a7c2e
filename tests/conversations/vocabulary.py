"""One event of every kind there is, and turns that stop behind any of them.

A kind that is added to the vocabulary and not to SAMPLES fails every test that uses these.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from chatapp.conversations.events import (
    KINDS,
    Answering,
    CategoryScore,
    Cited,
    Compacted,
    Compacting,
    Continued,
    Ended,
    Event,
    Judged,
    LeftOut,
    Loading,
    Passages,
    Queued,
    Reasoning,
    Retried,
    Searching,
    SourceRef,
    Started,
    Text,
    Usage,
    Withheld,
    encode,
)
from chatapp.conversations.turn import Tools, TurnRequest

NOBODY = "00000000-0000-4000-8000-000000000000"
SAMPLES: dict[str, Event] = {
    "started": Started("q", "m", demo=True, digest="d"),
    "continued": Continued(NOBODY, "It began before. "),
    "searching": Searching(2),
    "queued": Queued(3),
    "loading": Loading(40),
    "answering": Answering("m2", "d2"),
    "retried": Retried("The model is busy."),
    "passages": Passages((SourceRef(1, "t", "h", 3, NOBODY, f"{NOBODY}:1", 0.5),)),
    "compacting": Compacting(3),
    "compacted": Compacted((NOBODY,), "They spoke of leave."),
    "left_out": LeftOut((NOBODY,), 1),
    "reasoning": Reasoning("Hm. "),
    "text": Text("You have 28 days [1]."),
    "cited": Cited(1, 34),
    "judged": Judged("response", "flag", (CategoryScore("S7", "Privacy", 0.7),), 7, ("j",)),
    "withheld": Withheld("response", "It names a person."),
    "usage": Usage(5, 6),
    "ended": Ended("done"),
}
TALE: list[Event] = [SAMPLES[name] for name in KINDS]
"""Every kind once, in the vocabulary's order: Started first, Ended last."""
WHOLE: list[dict[str, Any]] = [json.loads(encode(event)) for event in TALE]
NUMBERS = list(range(1, len(TALE) + 1))


class Teller:
    """Stands in for ``run_turn``: tells the tale, and stops behind the kind that the question
    names until ``gate`` is set."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    async def __call__(self, request: TurnRequest, _: Tools) -> AsyncGenerator[Event, None]:
        for name, event in zip(KINDS, TALE, strict=True):
            yield event
            if name == request.question:
                await self.gate.wait()
