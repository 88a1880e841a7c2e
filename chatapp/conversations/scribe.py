"""Brings the log in Redis up to the journals of the turns that run here, all of them in one go.

While Redis is away the turns go on; when it is back, even empty, their journals have everything.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from uuid import UUID

from redis import RedisError

from chatapp.conversations.ending import cancel
from chatapp.conversations.journal import Journal
from chatapp.conversations.log import BATCH, Page, TurnLog

EVERY_SECONDS = 0.05
"""Those who follow from another process see an answer grow in steps of this. A command for each
event would cost more than all else that is done with it."""
RETRY_SECONDS = 0.5
GIVE_UP_SECONDS = 60
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Open:
    """A journal that is being written; the log is known to have ``known`` of its events."""

    turn: UUID
    journal: Journal
    known: int = 0
    give_up: float = float("inf")
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def has_more(self) -> bool:
        return self.known < len(self.journal.events)

    def page(self) -> Page:
        return Page(
            self.turn,
            self.journal.events,
            self.known,
            claims=not self.known,
            releases=self.journal.ended and len(self.journal.events) - self.known <= BATCH,
        )


class Scribe:
    """Writes from the first :meth:`begin` to :meth:`close`."""

    def __init__(self, log: TurnLog) -> None:
        self._log = log
        self._open: dict[UUID, _Open] = {}
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, turn: UUID, journal: Journal) -> asyncio.Event:
        """Write ``journal``. What is returned is set once its end is in the log, or Redis stayed
        away for GIVE_UP_SECONDS after it."""
        entry = self._open[turn] = _Open(turn, journal)
        self._news.set()
        if self._task is None:
            self._task = asyncio.create_task(self._write_always(), name="scribe")
        return entry.closed

    async def close(self) -> None:
        """Stop writing."""
        if self._task is not None:
            await cancel([self._task])

    async def _write_always(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._open:  # noqa: ASYNC110  it writes each time
                await asyncio.sleep(await self._pause_after_writing())

    async def _pause_after_writing(self) -> float:
        try:
            await self._write([entry for entry in self._open.values() if entry.has_more])
        except (RedisError, OSError):
            self._give_up()
            return RETRY_SECONDS
        except Exception:
            logger.exception("The turns' events cannot be written")
            self._give_up()
            return RETRY_SECONDS
        return EVERY_SECONDS

    async def _write(self, entries: list[_Open]) -> None:
        if not entries:
            return
        written = await self._log.append_all([entry.page() for entry in entries])
        for entry, known in zip(entries, written, strict=True):
            entry.known = known
            if entry.journal.ended and not entry.has_more:
                self._close(entry)

    def _give_up(self) -> None:
        """Let go of those that ended long ago."""
        now = asyncio.get_running_loop().time()
        for entry in [each for each in self._open.values() if each.journal.ended]:
            entry.give_up = min(entry.give_up, now + GIVE_UP_SECONDS)
            if now >= entry.give_up:
                self._close(entry)

    def _close(self, entry: _Open) -> None:
        del self._open[entry.turn]
        entry.closed.set()
