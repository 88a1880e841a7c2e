"""How many requests a key has: so many at once, and as many a minute for long.

Counted in Redis, for all web processes together, by the generic cell rate algorithm (ITU-T I.371):
one number per key, the time at which all that was taken would have been given back. While Redis is
away each process counts for itself.
"""

import math
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from redis import RedisError
from redis.asyncio import Redis

from chatapp.conversations.flow import Bucket
from chatapp.conversations.live import Live, live

PREFIX = "parapet:api:rate"
MINUTE = 60.0

# ARGV: milliseconds until one request is given back, and how many there are. Returns whether this
# one is taken, how many are left, and the milliseconds until one is, and until all are, back.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local each, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))
local over = full + each - (now + each * most)
if over > 0 then return {0, 0, math.ceil(over), math.ceil(full - now)} end
full = full + each
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil(full - now))
return {1, math.floor(most - (full - now) / each), 0, math.ceil(full - now)}
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What became of one request; ``wait`` and ``reset`` are seconds until one request and all
    of them are there again."""

    taken: bool
    limit: int
    left: int
    wait: float
    reset: float

    @property
    def headers(self) -> dict[str, str]:
        """As OpenAI's API tells it."""
        return {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(self.left),
            "x-ratelimit-reset-requests": f"{self.reset:.3f}s",
        }


class Limits:
    """``per_minute`` requests for each key."""

    def __init__(self, client: Redis, per_minute: int) -> None:
        self._take: Any = client.register_script(TAKE)
        self._limit = per_minute
        self._alone: dict[str, Bucket] = {}

    async def take(self, key: str) -> Allowance:
        """Take one request of ``key``."""
        try:
            each = MINUTE * 1000 / self._limit
            found = await self._take(keys=[f"{PREFIX}:{key}"], args=[each, self._limit])
        except (RedisError, OSError):
            return self._take_alone(key)
        taken, left, wait, reset = map(int, found)
        return Allowance(bool(taken), self._limit, left, wait / 1000, reset / 1000)

    def _take_alone(self, key: str) -> Allowance:
        rate = self._limit / MINUTE
        bucket = self._alone.setdefault(key, Bucket(rate, self._limit))
        taken, left = bucket.take(), math.floor(bucket.left)
        wait = 0.0 if taken else (1 - bucket.left) / rate
        return Allowance(taken, self._limit, left, wait, (self._limit - bucket.left) / rate)


_by_live: WeakKeyDictionary[Live, Limits] = WeakKeyDictionary()


def limits() -> Limits:
    """This event loop's, by the settings."""
    found = _by_live.get(live())
    if found is None:
        found = _by_live[live()] = Limits(live().redis, settings.API_REQUESTS_PER_MINUTE)
    return found
