"""News from other processes: one Redis subscription for all that a process waits for.

Redis may lose a message (its channels keep nothing), so news is a hint to look: whoever waits
looks again after a while in any case, and everybody does after a new connection.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from redis import RedisError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from chatapp.conversations.ending import cancel
from chatapp.conversations.log import STOP_CHANNEL, channel

RECONNECT_SECONDS = 0.2
logger = logging.getLogger(__name__)


class Exchange:
    """Wakes those who wait for a turn's news, and passes on requests to stop a turn."""

    def __init__(self, client: Redis, stop: Callable[[UUID], bool]) -> None:
        self._client = client
        self._stop = stop
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._pubsub: PubSub | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen, until :meth:`close`."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen_always(), name="exchange")

    async def close(self) -> None:
        if self._task is not None:
            await cancel([self._task])

    @asynccontextmanager
    async def listening(self, turn: UUID) -> AsyncGenerator[asyncio.Event, None]:
        """An event that is set when ``turn`` may have more events; clear it before you look.

        Without a connection it is set as soon as there is one again.
        """
        name, event = channel(turn), asyncio.Event()
        self._waiting.setdefault(name, set()).add(event)
        try:
            await self._tell("subscribe", name)
            yield event
        finally:
            self._waiting[name].discard(event)
            if not self._waiting[name]:
                del self._waiting[name]
                await self._tell("unsubscribe", name)

    async def _tell(self, command: str, name: str) -> None:
        if self._pubsub is not None:
            with suppress(RedisError, OSError):
                await getattr(self._pubsub, command)(name)

    async def _listen_always(self) -> None:
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                logger.info("Redis is away: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        async with self._client.pubsub() as pubsub:
            await pubsub.subscribe(STOP_CHANNEL, *self._waiting)
            self._pubsub = pubsub
            try:
                self._wake_all()
                async with aclosing(pubsub.listen()) as messages:
                    async for message in messages:
                        self._hear(message)
            finally:
                self._pubsub = None

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] != "message":
            return
        name = message["channel"].decode()
        if name == STOP_CHANNEL:
            with suppress(ValueError):
                self._stop(UUID(message["data"].decode()))
        for event in self._waiting.get(name, ()):
            event.set()
