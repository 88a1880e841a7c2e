"""The turns' event log in Redis: what any web process can follow, and what outlives one.

Each turn has a stream of its events, each under its sequence number (Redis id ``SEQ-0``), which
expires; a lease that its process refreshes; and a channel that says "there is more".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import NoScriptError

from chatapp.conversations.events import Event, encode, from_wire
from chatapp.conversations.journal import Numbered

KEPT_SECONDS = 3600
LEASE_SECONDS = 10
REFRESH_SECONDS = 2
GRACE_SECONDS = 5
"""A lease may be gone because Redis lost it and not because its process died: a process that
lives renews it well within this time."""
SUSPICION_SECONDS = 60
BATCH = 500
PREFIX = "parapet:turn"
STOP_CHANNEL = f"{PREFIX}:stop"
NEXT_CHANNEL = f"{PREFIX}:next"

# Appends ARGV[4…] as numbers ARGV[1], ARGV[1]+1, … and returns the last number that the stream
# then has. What is there already is skipped, so that repeating is harmless; where numbers before
# ARGV[1] are missing nothing is written, and the caller learns where to resume.
APPEND = """
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local last = 0
if newest[1] then last = tonumber(string.match(newest[1][1], '^%d+')) end
local first = tonumber(ARGV[1])
if last < first - 1 then return last end
for i = math.max(1, last - first + 2), #ARGV - 3 do
  last = first + i - 1
  redis.call('XADD', KEYS[1], string.format('%d-0', last), 'event', ARGV[i + 3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], last)
return last
"""
APPEND_SHA = sha1(APPEND.encode(), usedforsecurity=False).hexdigest()
"""What Redis knows a script by."""


@dataclass(frozen=True, slots=True)
class Page:
    """A turn's ``events`` from number 1, of which the log is believed to have ``known``. It may
    claim the turn's lease with them, and give it back."""

    turn: UUID
    events: Sequence[Event]
    known: int
    claims: bool = False
    releases: bool = False


def channel(turn: UUID) -> str:
    """Where news of ``turn`` is published."""
    return f"{PREFIX}:{turn}:news"


def lease(turn: UUID) -> str:
    """The key that the process which runs ``turn`` renews."""
    return f"{PREFIX}:{turn}:lease"


def conversation_channel(conversation: UUID) -> str:
    """Where it is published that something changed in ``conversation``."""
    return f"parapet:conversation:{conversation}:news"


def decode(entry: tuple[bytes, dict[bytes, bytes]]) -> Numbered:
    name, fields = entry
    return int(name.partition(b"-")[0]), from_wire(orjson.loads(fields[b"event"]))


class TurnLog:
    """Reads and writes the log. Every method raises redis.RedisError when Redis is away."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def append(self, turn: UUID, events: Sequence[Event], known: int) -> int:
        """Bring the stream up to ``events``, the turn's events from number 1, of which it is
        believed to have ``known``. Returns how many it has; call again while that is too few."""
        (written,) = await self.append_all([Page(turn, events, known)])
        return written

    async def append_all(self, pages: Sequence[Page]) -> list[int]:
        """As :meth:`append` for each of ``pages``, in one round trip."""
        try:
            return await self._append_all(pages)
        except NoScriptError:  # Redis is new, or has forgotten
            await self._client.script_load(APPEND)
            return await self._append_all(pages)

    async def _append_all(self, pages: Sequence[Page]) -> list[int]:
        places: list[int] = []
        async with self._client.pipeline(transaction=False) as pipe:
            for page in pages:
                if page.claims:
                    pipe.set(lease(page.turn), 1, ex=LEASE_SECONDS)
                places.append(len(pipe))
                self._append(pipe, page)
                if page.releases:
                    pipe.delete(lease(page.turn))
            answers = await pipe.execute()
        return [int(answers[place]) for place in places]

    @staticmethod
    def _append(pipe: Pipeline, page: Page) -> None:
        batch = [encode(event) for event in page.events[page.known : page.known + BATCH]]
        about = page.known + 1, KEPT_SECONDS * 1000, channel(page.turn)
        pipe.evalsha(APPEND_SHA, 1, f"{PREFIX}:{page.turn}:events", *about, *batch)

    async def read(self, turn: UUID, after: int) -> list[Numbered]:
        """The next events after number ``after``, at most BATCH of them."""
        entries: Any = await self._client.xrange(
            f"{PREFIX}:{turn}:events", min=f"{after + 1}-0", count=BATCH
        )
        return [decode(entry) for entry in entries]

    async def newest(self, turn: UUID) -> Numbered | None:
        """The last event so far."""
        entries: Any = await self._client.xrevrange(f"{PREFIX}:{turn}:events", count=1)
        return decode(entries[0]) if entries else None

    async def read_all(self, turn: UUID) -> list[Numbered]:
        """All events that there are."""
        found: list[Numbered] = []
        while batch := await self.read(turn, found[-1][0] if found else 0):
            found += batch
        return found

    async def claim(self, turns: Iterable[UUID]) -> None:
        """Take or renew the leases of ``turns``."""
        async with self._client.pipeline(transaction=False) as pipe:
            for turn in turns:
                pipe.set(lease(turn), 1, ex=LEASE_SECONDS)
            await pipe.execute()

    async def forsaken(self, turn: UUID) -> bool:
        """Whether nobody has held the lease of ``turn`` for GRACE_SECONDS.

        The first look that misses it leaves a mark, whose age later looks go by.
        """
        mark = f"{PREFIX}:{turn}:missed"
        if await self._client.exists(lease(turn)):
            await self._client.delete(mark)
            return False
        await self._client.set(mark, 1, nx=True, ex=SUSPICION_SECONDS)
        left = await self._client.pttl(mark)
        return left <= (SUSPICION_SECONDS - GRACE_SECONDS) * 1000

    async def ask_to_stop(self, turn: UUID) -> None:
        """Tell every web process that ``turn`` shall stop."""
        await self._client.publish(STOP_CHANNEL, str(turn))

    async def ask_to_go_on(self, conversation: UUID) -> None:
        """Tell every web process that a question of ``conversation`` may wait for one of them."""
        await self._client.publish(NEXT_CHANNEL, str(conversation))

    async def announce(self, conversation: UUID) -> None:
        """Tell who follows ``conversation`` that something changed in it."""
        await self._client.publish(conversation_channel(conversation), b"")
