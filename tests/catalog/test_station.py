"""A server that fails too often leaves, and comes back by a probe."""

import asyncio
from uuid import uuid4

import pytest

from chatapp.backends.errors import (
    BackendError,
    ContextExceeded,
    Malformed,
    ModelMissing,
    Overloaded,
    Refused,
    TimedOut,
    Unreachable,
)
from chatapp.catalog.dispatch import Caller
from chatapp.catalog.station import FAILURES, Station
from tests.catalog.serving import REQUEST, Pool, serving
from tests.conversations.scripted import until


async def fail(station: Station, error: BackendError, times: int = FAILURES) -> None:
    for _ in range(times):
        with pytest.raises(type(error)):
            async with station.watched():
                raise error


@pytest.mark.parametrize("error", [Unreachable(), TimedOut(), Overloaded(), Malformed()])
async def test_it_leaves_after_failures_in_a_row(error: BackendError) -> None:
    station = Station(serving("a"))
    await fail(station, error, FAILURES - 1)
    assert not station.is_away
    async with station.watched():
        pass
    await fail(station, error, FAILURES - 1)
    assert not station.is_away
    await fail(station, error, 1)
    assert station.is_away


@pytest.mark.parametrize("error", [ContextExceeded(), ModelMissing(), Refused()])
async def test_what_is_not_its_fault_does_not_count(error: BackendError) -> None:
    station = Station(serving("a"))
    await fail(station, error, 2 * FAILURES)
    assert not station.is_away


async def test_a_request_that_was_stopped_counts_neither_way() -> None:
    station = Station(serving("a"))
    await fail(station, Unreachable(), FAILURES - 1)
    with pytest.raises(asyncio.CancelledError):
        async with station.watched():
            raise asyncio.CancelledError
    await fail(station, Unreachable(), 1)
    assert station.is_away


async def test_one_that_is_away_is_not_asked_while_another_is_well() -> None:
    first, second = serving("a"), serving("b")
    pool = Pool(first, second)
    await fail(pool.stations["a"], Unreachable())
    for _ in range(10):
        assert await pool.ask(Caller(1, uuid4())) == "b"
    assert first.requests == []


async def test_the_only_one_is_asked_all_the_same() -> None:
    pool = Pool(serving("a"))
    await fail(pool.stations["a"], Unreachable())
    assert await pool.ask() == "a"
    assert pool.stations["a"].is_away, "only a probe lets it back"


async def test_a_probe_lets_it_back_while_others_answer() -> None:
    first, second = serving("a"), serving("b")
    pool = Pool(first, second, away=0.05)
    await fail(pool.stations["a"], Unreachable())
    await until(lambda: pool.stations["a"].is_due)
    second.hold.clear()
    lane = pool.lane()
    await lane.model()
    stream = lane.stream(REQUEST)
    first_piece = asyncio.ensure_future(anext(stream))
    await until(lambda: not pool.stations["a"].is_away)
    second.hold.set()
    await first_piece
    await stream.aclose()
    assert first.asked == 1


async def test_a_probe_that_fails_sends_it_away_again() -> None:
    server = serving("a")
    station = Station(server, away_seconds=0.05)
    await fail(station, Unreachable())
    await until(lambda: station.is_due)
    server.error = Unreachable()
    await station.probe()
    assert station.is_away
    await until(lambda: station.is_due)
    server.error = None
    await station.probe()
    assert not station.is_away


async def test_a_probe_that_is_cut_short_proves_nothing() -> None:
    server = serving("a")
    station = Station(server, away_seconds=0.05)
    await fail(station, Unreachable())
    await until(lambda: station.is_due)
    server.gate.clear()
    probe = asyncio.create_task(station.probe())
    await until(lambda: server.asked == 1)
    assert not station.is_due, "one probe at a time"
    probe.cancel()
    await asyncio.wait({probe})
    assert station.is_away
    assert station.is_due


async def test_two_requests_that_fail_at_once_are_two_failures() -> None:
    station = Station(serving("a"))
    await asyncio.gather(*(fail(station, Unreachable(), 1) for _ in range(2 * FAILURES)))
    assert station.is_away
