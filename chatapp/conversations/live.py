"""What one event loop holds: its Redis connections, its running turns, and news from others."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from redis import RedisError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chatapp import wiring
from chatapp.catalog.dispatch import Caller
from chatapp.conversations.events import Ended
from chatapp.conversations.exchange import Exchange
from chatapp.conversations.journal import Numbered
from chatapp.conversations.log import TurnLog
from chatapp.conversations.running import Job, RunningTurns
from chatapp.conversations.settle import settle, settle_all
from chatapp.conversations.turn import Tools
from chatapp.rows import in_rows

LOOK_AGAIN_SECONDS = 2.0
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0


class EventsGone(Exception):
    """The turn's events have expired; its row has what is left."""


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
    return await in_rows(wiring.tools, job.model, caller)


class Live:
    """Made once for each event loop, by :func:`live`; ``redis`` is for short commands."""

    def __init__(self, url: str) -> None:
        self.redis = connect(url)
        self._listener = connect(url, retries=0)
        self.log = TurnLog(self.redis)
        self.turns = RunningTurns(self.log, tools)
        self.exchange = Exchange(self._listener, self.turns.stop)

    async def close(self) -> None:
        """Interrupt what runs and let go of everything."""
        await self.turns.close()
        await self.exchange.close()
        await self.redis.aclose()
        await self._listener.aclose()

    async def stop(self, turn: UUID) -> None:
        """Stop ``turn`` wherever it runs. Raises redis.RedisError when it runs elsewhere and
        nobody can be told."""
        if self.turns.journal(turn) is None:
            await self.log.ask_to_stop(turn)
        else:
            self.turns.stop(turn)

    async def follow(self, turn: UUID, after: int, over: bool) -> AsyncGenerator[Numbered, None]:
        """Each event of ``turn`` after number ``after``, once, in order, until its end.

        ``over`` says that the row has ended. Raises EventsGone where it has and no event is left.
        """
        journal = self.turns.journal(turn)
        source = journal.follow(after) if journal else self._follow_log(turn, after, over)
        async with aclosing(source) as events:
            async for numbered in events:
                yield numbered

    async def _follow_log(
        self, turn: UUID, after: int, over: bool
    ) -> AsyncGenerator[Numbered, None]:
        async with self.exchange.listening(turn) as news:
            while True:
                news.clear()
                batch = await self._read(turn, after)
                for seq, event in batch or ():
                    yield seq, event
                    after = seq
                    if isinstance(event, Ended):
                        return
                if batch == [] and await self._nothing_more(turn, after, over):
                    return
                if not batch:
                    await self._wait(news, turn)

    async def _read(self, turn: UUID, after: int) -> list[Numbered] | None:
        """The next events; None while Redis is away."""
        try:
            return await self.log.read(turn, after)
        except (RedisError, OSError):
            return None

    async def _nothing_more(self, turn: UUID, after: int, over: bool) -> bool:
        """Whether the end is number ``after`` or came before. Raises EventsGone where what the
        reader lacks cannot be had any more."""
        try:
            newest = await self.log.newest(turn)
        except (RedisError, OSError):
            return False
        if newest is None and over:
            raise EventsGone
        if newest is None or not isinstance(newest[1], Ended) or newest[0] > after:
            return False
        if newest[0] < after:
            raise EventsGone
        return True

    async def _wait(self, news: asyncio.Event, turn: UUID) -> None:
        """Until there is news; without any for long, see to a turn whose process died."""
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await news.wait()
        except TimeoutError:
            try:
                await settle(self.log, turn)
            except (RedisError, OSError):
                return


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


async def settle_lost_turns() -> int:
    """End the turns whose process died; how many. Raises redis.RedisError."""
    async with connect(settings.REDIS_URL) as client:
        return await settle_all(TurnLog(client))
