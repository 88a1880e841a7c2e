"""Following a turn from another process, through Redis: every event once, in order."""

import asyncio
import random
from contextlib import aclosing
from uuid import UUID, uuid4

import orjson
import pytest
from redis.asyncio import Redis

from chatapp.conversations.events import (
    CategoryScore,
    Cited,
    Ended,
    Event,
    Judged,
    Passages,
    Reasoning,
    SourceRef,
    Started,
    Text,
    Usage,
    Withheld,
    encode,
    from_wire,
    to_wire,
)
from chatapp.conversations.following import EventsGone
from chatapp.conversations.journal import Numbered
from chatapp.conversations.live import Live
from chatapp.conversations.log import Page, TurnLog, channel, lease
from tests.conversations.conftest import collect

SOURCE = SourceRef(1, "Leave.pdf", "Leave > Annual", 3, "c", "d:1", 0.5)
WHOLE: list[Event] = [
    Started("How much?", "m", demo=True, digest="sha256:1"),
    Judged("request", "flag", (CategoryScore("S1", "Violent Crimes", 0.5),), 7, ("j",), ("no",)),
    Passages((SOURCE,)),
    Reasoning("Let me see."),
    *[Text(f"piece {n} — ünï ") for n in range(30)],
    Cited(1, 3),
    Withheld("response", "No."),
    Usage(None, 7),
    Ended("done", ""),
]


async def write(log: TurnLog, turn: UUID, seed: int) -> None:
    """The whole turn in random batches, with repeats and with gaps that must be refused."""
    chance = random.Random(seed)  # noqa: S311  not a secret
    known = 0
    while known < len(WHOLE):
        upto = min(len(WHOLE), known + chance.randrange(1, 6))
        believed = max(0, known + chance.choice((-2, 0, 0, 3)))
        known = await log.append(turn, WHOLE[:upto], min(believed, upto))
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(8))
async def test_a_follower_gets_every_later_event_once_in_order(
    other: Live, log: TurnLog, seed: int
) -> None:
    turn, cuts = uuid4(), random.Random(seed).sample(range(len(WHOLE)), 5)  # noqa: S311  a seed
    await log.claim([turn])
    followers = [asyncio.create_task(collect(other, turn, cut)) for cut in cuts]
    await write(log, turn, seed)
    for cut, follower in zip(cuts, followers, strict=True):
        assert await follower == list(enumerate(WHOLE, 1))[cut:]


@pytest.mark.parametrize("cut", range(len(WHOLE)))
async def test_it_goes_on_from_wherever_it_was_cut(other: Live, log: TurnLog, cut: int) -> None:
    turn = uuid4()
    await log.append(turn, WHOLE, 0)
    got: list[Numbered] = []
    async with aclosing(other.following.turn(turn, 0, over=True)) as events:
        while len(got) < cut:
            got.append(await anext(events))
    got += await collect(other, turn, cut, over=True)
    assert got == list(enumerate(WHOLE, 1))


async def test_news_comes_without_polling(other: Live, log: TurnLog) -> None:
    turn = uuid4()
    follower = asyncio.create_task(collect(other, turn, 0))
    await log.append(turn, WHOLE[:1], 0)
    async with asyncio.timeout(1.5):  # less than the follower waits before it looks again
        await log.append(turn, [*WHOLE[:1], WHOLE[-1]], 1)
        assert len(await follower) == 2


@pytest.mark.parametrize("event", WHOLE)
def test_the_json_of_an_event_is_its_form_on_the_wire(event: Event) -> None:
    assert orjson.loads(encode(event)) == orjson.loads(orjson.dumps(to_wire(event)))
    assert from_wire(orjson.loads(encode(event))) == event


async def test_many_turns_are_written_in_one_round_trip(log: TurnLog, other: Live) -> None:
    first, second = uuid4(), uuid4()
    pages = [Page(first, WHOLE[:4], 0, claims=True), Page(second, WHOLE, 0, claims=True)]
    assert await log.append_all(pages) == [4, len(WHOLE)]
    assert [await log.read_all(first), await log.read_all(second)] == [
        list(enumerate(WHOLE, 1))[:4],
        list(enumerate(WHOLE, 1)),
    ]


async def test_pages_take_the_lease_and_give_it_back(log: TurnLog, redis_url: str) -> None:
    turn = uuid4()
    async with Redis.from_url(redis_url) as client:
        await log.append_all([Page(turn, WHOLE[:1], 0, claims=True)])
        assert await client.exists(lease(turn))
        await log.append_all([Page(turn, WHOLE, 1, releases=True)])
        assert not await client.exists(lease(turn))


async def test_a_redis_that_forgot_how_to_append_is_told_again(
    log: TurnLog, redis_url: str
) -> None:
    turn = uuid4()
    async with Redis.from_url(redis_url) as client:
        await log.append(turn, WHOLE[:1], 0)
        await client.script_flush()
    assert await log.append(turn, WHOLE, 1) == len(WHOLE)


async def test_nothing_is_written_behind_a_gap(log: TurnLog) -> None:
    turn = uuid4()
    assert await log.append(turn, WHOLE, 5) == 0
    assert await log.read_all(turn) == []
    assert await log.append(turn, WHOLE[:3], 0) == 3
    assert await log.append(turn, WHOLE, 7) == 3
    assert await log.append(turn, WHOLE, 1) == len(WHOLE)
    assert await log.read_all(turn) == list(enumerate(WHOLE, 1))


async def test_the_log_expires(log: TurnLog, redis_url: str) -> None:
    turn = uuid4()
    await log.append(turn, WHOLE, 0)
    async with Redis.from_url(redis_url) as client:
        assert 3500 < await client.ttl(f"parapet:turn:{turn}:events") <= 3600


async def test_a_turn_whose_events_expired_is_said_to_be_gone(
    other: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatapp.conversations.following.LOOK_AGAIN_SECONDS", 0.05)
    with pytest.raises(EventsGone):
        await collect(other, uuid4(), 0, over=True)


async def test_events_that_are_written_after_the_row_has_ended_are_not_missed(
    other: Live, log: TurnLog
) -> None:
    turn = uuid4()
    follower = asyncio.create_task(collect(other, turn, 0, over=True))
    async with asyncio.timeout(20):
        while not (await other.redis.pubsub_numsub(channel(turn)))[0][1]:  # noqa: ASYNC110  Redis tells nobody of it
            await asyncio.sleep(0.01)
    await log.append(turn, WHOLE, 0)
    assert await follower == list(enumerate(WHOLE, 1))


@pytest.mark.parametrize(("after", "gone"), [(len(WHOLE), False), (len(WHOLE) + 1, True)])
async def test_who_has_all_events_already_is_not_kept_waiting(
    other: Live, log: TurnLog, after: int, gone: bool
) -> None:
    turn = uuid4()
    await log.append(turn, WHOLE, 0)
    if gone:
        with pytest.raises(EventsGone):
            await collect(other, turn, after, over=True)
    else:
        assert await collect(other, turn, after, over=True) == []


async def test_a_lease_is_held_and_missed_only_after_a_grace(
    log: TurnLog, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = uuid4()
    await log.claim([turn])
    assert not await log.forsaken(turn)
    await log.append_all([Page(turn, WHOLE, 0, releases=True)])
    assert not await log.forsaken(turn)  # noticed just now
    await log.claim([turn])
    assert not await log.forsaken(turn)
    await log.append_all([Page(turn, WHOLE, 0, releases=True)])
    assert not await log.forsaken(turn)  # the mark of before is forgotten
    async with Redis.from_url(redis_url) as client:
        await client.pexpire(f"parapet:turn:{turn}:missed", 54_000)
    assert await log.forsaken(turn)
