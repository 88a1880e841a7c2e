"""News from other processes: one Redis subscription for all that a process waits for.

Redis may lose a message (its channels keep nothing), so news is a hint to look: whoever waits
looks again after a while in any case, and everybody does after a new connection.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from redis import RedisError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from chatapp.conversations.ending import cancel

RECONNECT_SECONDS = 0.2
logger = logging.getLogger(__name__)


class Exchange:
    """Wakes those who wait for news by a channel, and passes on what is asked of every process:
    ``orders`` says, by channel, what to do with the id that comes there."""

    def __init__(self, client: Redis, orders: Mapping[str, Callable[[UUID], object]]) -> None:
        self._client = client
        self._orders = orders
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
    async def listening(self, name: str) -> AsyncGenerator[asyncio.Event, None]:
        """An event that is set when the channel ``name`` may have news; clear it before you look.

        Without a connection it is set as soon as there is one again.
        """
        event = asyncio.Event()
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
            await pubsub.subscribe(*self._orders)
            self._pubsub = pubsub
            try:
                if self._waiting:  # also those who came while it connected
                    await pubsub.subscribe(*self._waiting)
                self._wake_all()
                async with aclosing(pubsub.listen()) as messages:
                    async for message in messages:
                        self._hear(message)
            finally:
                self._pubsub = None

    def wake(self, name: str) -> None:
        """Pass on news that this process has itself."""
        for event in self._waiting.get(name, ()):
            event.set()

    def _wake_all(self) -> None:
        for name in self._waiting:
            self.wake(name)

    def _hear(self, message: dict[str, Any]) -> None:
        """A subscription that has begun is news: what was said just before was not heard."""
        name = message["channel"].decode()
        if message["type"] == "message" and name in self._orders:
            with suppress(ValueError):
                self._orders[name](UUID(message["data"].decode()))
        if message["type"] in ("message", "subscribe"):
            self.wake(name)
