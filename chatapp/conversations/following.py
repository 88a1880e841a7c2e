"""Following what happens: the events of a turn, wherever it runs, and changes of a conversation."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from uuid import UUID

from redis import RedisError

from chatapp.conversations.events import Ended
from chatapp.conversations.exchange import Exchange
from chatapp.conversations.journal import Journal, Numbered
from chatapp.conversations.log import TurnLog, channel, conversation_channel
from chatapp.conversations.settle import settle

LOOK_AGAIN_SECONDS = 2.0
LOOK_AT_CONVERSATION_SECONDS = 30.0


class EventsGone(Exception):
    """The turn's events have expired; its row has what is left."""


class Following:
    """``journal`` finds the journal of a turn that runs in this process."""

    def __init__(
        self, log: TurnLog, exchange: Exchange, journal: Callable[[UUID], Journal | None]
    ) -> None:
        self._log = log
        self._exchange = exchange
        self._journal = journal

    async def conversation(self, conversation: UUID) -> AsyncGenerator[None, None]:
        """One at once, and one whenever something may have changed in ``conversation``."""
        async with self._exchange.listening(conversation_channel(conversation)) as news:
            while True:
                news.clear()
                yield
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AT_CONVERSATION_SECONDS):
                        await news.wait()

    async def turn(self, turn: UUID, after: int, over: bool) -> AsyncGenerator[Numbered, None]:
        """Each event of ``turn`` after number ``after``, once, in order, until its end.

        ``over`` says that the row has ended. Raises EventsGone where it has and no event is left.
        """
        journal = self._journal(turn)
        source = journal.follow(after) if journal else self._follow_log(turn, after, over)
        async with aclosing(source) as events:
            async for numbered in events:
                yield numbered

    async def _follow_log(
        self, turn: UUID, after: int, over: bool
    ) -> AsyncGenerator[Numbered, None]:
        quiet = False  # a row may say that its turn has ended a moment before the log does
        async with self._exchange.listening(channel(turn)) as news:
            while (journal := self._journal(turn)) is None:
                news.clear()
                batch = await self._read(turn, after)
                for seq, event in batch or ():
                    yield seq, event
                    after = seq
                    if isinstance(event, Ended):
                        return
                if batch == [] and await self._nothing_more(turn, after, over and quiet):
                    return
                if not batch:
                    quiet = await self._quiet(news, turn)
        async with aclosing(journal.follow(after)) as events:  # it waited, and now runs here
            async for numbered in events:
                yield numbered

    async def _read(self, turn: UUID, after: int) -> list[Numbered] | None:
        """The next events; None while Redis is away."""
        try:
            return await self._log.read(turn, after)
        except (RedisError, OSError):
            return None

    async def _nothing_more(self, turn: UUID, after: int, over: bool) -> bool:
        """Whether the end is number ``after`` or came before. Raises EventsGone where what the
        reader lacks cannot be had any more."""
        try:
            newest = await self._log.newest(turn)
        except (RedisError, OSError):
            return False
        if newest is None and over:
            raise EventsGone
        if newest is None or not isinstance(newest[1], Ended) or newest[0] > after:
            return False
        if newest[0] < after:
            raise EventsGone
        return True

    async def _quiet(self, news: asyncio.Event, turn: UUID) -> bool:
        """Wait for news. Whether there was none for long: then a turn whose process died is
        seen to."""
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await news.wait()
        except TimeoutError:
            with suppress(RedisError, OSError):
                await settle(self._log, turn)
            return True
        return False
