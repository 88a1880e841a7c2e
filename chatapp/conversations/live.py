"""What one event loop holds: its Redis connections, its running turns, and news from others."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from uuid import UUID
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from django.conf import settings
from redis import RedisError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chatapp import wiring
from chatapp.catalog.dispatch import Caller
from chatapp.conversations import queueing
from chatapp.conversations.attached import OwnFirst, attached_to
from chatapp.conversations.events import Ended, Event, Started
from chatapp.conversations.exchange import Exchange
from chatapp.conversations.following import Following
from chatapp.conversations.log import (
    NEXT_CHANNEL,
    STOP_CHANNEL,
    TurnLog,
    channel,
    conversation_channel,
)
from chatapp.conversations.models import Status
from chatapp.conversations.running import Job, RunningTurns
from chatapp.conversations.settle import settle_all
from chatapp.conversations.turn import Tools
from chatapp.rows import in_rows

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
logger = logging.getLogger(__name__)


def connect(url: str, retries: int = 1) -> Redis:
    """A client that fails soon. One retry replaces a connection that a restart has cut."""
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), retries),
    )


async def tools(job: Job) -> Tools:
    """What a turn works with, by the rows and the policy of this moment."""
    caller = Caller(job.where.person_id, job.where.conversation_id)
    found = await in_rows(wiring.tools, job.model, caller)
    return replace(found, search=OwnFirst(found.search, str(attached_to(job.conversation))))


class Live:
    """Made once for each event loop, by :func:`live`; ``redis`` is for short commands."""

    def __init__(self, url: str) -> None:
        self.redis = connect(url)
        self._listener = connect(url, retries=0)
        self.log = TurnLog(self.redis)
        self.turns = RunningTurns(self.log, tools, self.go_on)
        orders = {STOP_CHANNEL: self.turns.stop, NEXT_CHANNEL: self._go_on_soon}
        self.exchange = Exchange(self._listener, orders)
        self.following = Following(self.log, self.exchange, self.turns.journal)
        self._going_on: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Interrupt what runs and let go of everything."""
        await self.exchange.close()
        await asyncio.gather(*self._going_on)
        await self.turns.close()
        await self.redis.aclose()
        await self._listener.aclose()

    async def stop(self, turn: UUID) -> None:
        """Stop ``turn`` wherever it runs, or take it back where it waits. Raises redis.RedisError
        when it runs elsewhere and nobody can be told."""
        taken = await in_rows(queueing.cancel, turn)
        if taken is not None:
            await self._took_back(taken)
        elif self.turns.journal(turn) is None:
            await self.log.ask_to_stop(turn)
        else:
            self.turns.stop(turn)

    async def _took_back(self, taken: queueing.Cancelled) -> None:
        events: list[Event] = [
            Started(taken.question, ""),
            Ended(Status.STOPPED, queueing.CANCELLED),
        ]
        with suppress(RedisError, OSError):
            await self.log.append(taken.turn, events, 0)
        await self.announce(taken.conversation)

    async def announce(self, conversation: UUID) -> None:
        """Tell who follows ``conversation``, here and elsewhere, that something changed in it."""
        try:
            await self.log.announce(conversation)
        except (RedisError, OSError):
            self.exchange.wake(conversation_channel(conversation))

    async def go_on(self, conversation: UUID) -> None:
        """Something ended in ``conversation``: start the question that waits first, if any."""
        try:
            turn = await in_rows(queueing.first, conversation)
            if turn is not None:
                await self._start(turn)
        except Exception:
            logger.exception("Conversation %s does not go on", conversation)
        await self.announce(conversation)

    async def _start(self, turn: UUID) -> None:
        with suppress(RedisError, OSError):
            await self.log.claim([turn])  # before the row runs: settle.py relies on it
        job = await in_rows(queueing.start, turn)
        if job is not None:
            self.turns.start(job)
            self.exchange.wake(channel(turn))

    def _go_on_soon(self, conversation: UUID) -> None:
        task = asyncio.create_task(self.go_on(conversation), name=f"next of {conversation}")
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Live] = WeakKeyDictionary()


def live() -> Live:
    """This event loop's own; it listens from the first call on."""
    loop = asyncio.get_running_loop()
    found = _by_loop.get(loop)
    if found is None:
        found = _by_loop[loop] = Live(settings.REDIS_URL)
        found.exchange.start()
    return found


async def close() -> None:
    """Close this event loop's own, if there is one."""
    found = _by_loop.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.close()


async def request_stops(turns: Iterable[UUID]) -> None:
    """Stop ``turns`` wherever they run, from outside of any of the loops that run turns.
    Raises redis.RedisError."""
    async with connect(settings.REDIS_URL) as client:
        for turn in turns:
            await TurnLog(client).ask_to_stop(turn)


def announce(conversation: UUID) -> None:
    """:meth:`Live.announce` from a thread without an event loop of its own; silent where Redis
    is away, since who follows looks again by itself."""

    async def publish() -> None:
        async with connect(settings.REDIS_URL) as client:
            await TurnLog(client).announce(conversation)

    with suppress(RedisError, OSError):
        async_to_sync(publish)()


async def settle_lost_turns() -> int:
    """End the turns whose process died, and let what waits behind them go on; how many ended.
    Raises redis.RedisError."""
    async with connect(settings.REDIS_URL) as client:
        log = TurnLog(client)
        lost = await settle_all(log)
        for conversation in await database_sync_to_async(queueing.stranded)():
            await log.ask_to_go_on(conversation)
        return lost
