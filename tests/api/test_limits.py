"""How often a key may call, counted for all processes together."""

import asyncio
from uuid import uuid4

from redis.asyncio import Redis

from chatapp.api.limits import PREFIX, Allowance, Limits
from chatapp.conversations.live import connect


async def taken(limits: Limits, key: str, times: int) -> list[Allowance]:
    return [await limits.take(key) for _ in range(times)]


async def test_a_key_has_so_many_at_once_in_all_processes_together(redis_url: str) -> None:
    key = uuid4().hex
    async with connect(redis_url) as one, connect(redis_url) as other:
        first = await taken(Limits(one, 5), key, 3)
        then = await taken(Limits(other, 5), key, 3)
    assert [each.taken for each in first + then] == [True] * 5 + [False]
    assert [each.left for each in first + then] == [4, 3, 2, 1, 0, 0]
    assert 11 < then[-1].wait <= 12
    assert 55 < then[-1].reset <= 60


async def test_requests_come_back_with_time(redis_url: str) -> None:
    key = uuid4().hex
    async with connect(redis_url) as client:
        limits = Limits(client, 600)  # one in a tenth of a second
        assert all(allowance.taken for allowance in await taken(limits, key, 600))
        async with asyncio.timeout(20):
            while not (await limits.take(key)).taken:
                pass


async def test_one_key_takes_nothing_from_another(redis_url: str) -> None:
    async with connect(redis_url) as client:
        limits = Limits(client, 1)
        assert (await limits.take(uuid4().hex)).taken
        assert (await limits.take(uuid4().hex)).taken


async def test_what_is_counted_goes_by_itself(redis_url: str) -> None:
    key = uuid4().hex
    async with Redis.from_url(redis_url) as client:
        await Limits(client, 60).take(key)
        assert 0 < await client.pttl(f"{PREFIX}:{key}") <= 1000


async def test_without_redis_each_process_counts_alone() -> None:
    async with connect("redis://127.0.0.1:1/0", retries=0) as client:
        limits = Limits(client, 2)
        allowances = await taken(limits, "key", 3)
        assert (await limits.take("another")).taken
    assert [each.taken for each in allowances] == [True, True, False]
    assert [each.left for each in allowances] == [1, 0, 0]
    assert 20 < allowances[-1].wait <= 30


def test_it_is_told_as_openai_does() -> None:
    headers = Allowance(taken=True, limit=60, left=59, wait=0.0, reset=1.0).headers
    assert headers == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1.000s",
    }
