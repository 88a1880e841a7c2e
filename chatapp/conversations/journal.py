"""A running turn's events in the memory of the process that runs it."""

import asyncio
from collections.abc import AsyncGenerator

from chatapp.conversations.events import Ended, Event, Reasoning, Text

COALESCE_SECONDS = 0.015
"""Pieces of text that come within this time become one event: below what a reader notices, half
the frames of a model at a hundred tokens a second, and no delay for one at fifty. Where streams
are many, their backend joins more (backends/crowd.py)."""

Numbered = tuple[int, Event]


class Journal:
    """An append-only list of events; the first is number 1 and the last is Ended."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    @property
    def ended(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], Ended)

    def append(self, event: Event) -> None:
        """Raises ValueError after the end."""
        if self.ended:
            raise ValueError("The turn has ended.")
        self.events.append(event)
        self._news.set()
        self._news = asyncio.Event()

    async def beyond(self, known: int) -> None:
        """Wait until there are more than ``known`` events, or there will be none."""
        while len(self.events) <= known and not self.ended:
            await self._news.wait()

    async def follow(self, after: int) -> AsyncGenerator[Numbered, None]:
        """Every event after number ``after``, once, in order, until the end."""
        while not (self.ended and after >= len(self.events)):
            await self.beyond(after)
            for event in self.events[after:]:
                after += 1
                yield after, event


class Coalescer:
    """Puts events into a journal, with pieces of text joined by time.

    The first piece after a pause goes at once; those that follow within COALESCE_SECONDS wait
    for each other, and for nothing else: any other event takes them along.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._held: Text | Reasoning | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last = float("-inf")

    def add(self, event: Event) -> None:
        if not isinstance(event, Text | Reasoning):
            self.flush()
            self._journal.append(event)
        elif isinstance(self._held, type(event)):
            self._held = type(event)(self._held.text + event.text)
        else:
            self.flush()
            self._hold(event)

    def _hold(self, piece: Text | Reasoning) -> None:
        loop = asyncio.get_running_loop()
        self._held = piece
        wait = self._last + COALESCE_SECONDS - loop.time()
        if wait <= 0:
            self.flush()
        else:
            self._timer = loop.call_later(wait, self.flush)

    def flush(self) -> None:
        """Write what is held."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._held is not None:
            held, self._held = self._held, None
            self._last = asyncio.get_running_loop().time()
            self._journal.append(held)
