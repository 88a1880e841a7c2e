"""A turn's way to its model: another server stands in for one that fails, and only in time."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from uuid import uuid4

import pytest

from chatapp.backends.base import (
    Answering,
    Delta,
    Finished,
    Loading,
    ServedModel,
    TextDelta,
)
from chatapp.backends.errors import (
    BackendError,
    ContextExceeded,
    Malformed,
    ModelChanged,
    ModelMissing,
    Overloaded,
    Refused,
    StillLoading,
    TimedOut,
    Unreachable,
)
from chatapp.backends.ollama import OllamaBackend
from chatapp.backends.openai import OpenAIBackend
from chatapp.catalog import cold, lane
from chatapp.catalog.dispatch import Caller
from chatapp.catalog.offer import NOTHING
from chatapp.catalog.station import Station
from chatapp.catalog.watch import ModelChoice
from tests.catalog.serving import REQUEST, Pool, Server, serving, text
from tests.conversations.scripted import until
from tests.fakes.model_formats import Script
from tests.fakes.model_server import FakeModelServer


async def test_it_asks_the_server_of_its_model_by_its_name_there() -> None:
    server = Server(ServedModel("other"), ServedModel("qwen3:8b:latest", "d1", 40_960))
    server.served = (server.served[0], ServedModel("qwen3:8b", "d1", 40_960))
    pool = Pool(server)
    lane = pool.lane()
    assert await lane.model() == ModelChoice(
        "qwen3:8b", "d1", demo=False, context_tokens=8192, answer_tokens=1024, answer_most=1024
    )
    request = replace(REQUEST, model="whatever was announced")
    assert [delta async for delta in lane.stream(request)] == [
        TextDelta("server"),
        Finished("stop"),
    ]
    assert server.requests == [REQUEST]


async def test_without_a_model_that_is_enabled_it_says_so() -> None:
    lane = Pool().lane(offer=NOTHING)
    with pytest.raises(ModelMissing, match="no model is enabled"):
        await lane.model()
    with pytest.raises(ModelMissing):
        await anext(lane.stream(REQUEST))
    assert not lane.may_retry(ModelMissing())


async def test_limits_fit_every_server_that_may_stand_in() -> None:
    pool = Pool(serving("a", context_tokens=6000), serving("b", context_tokens=2000))
    for station in pool.stations.values():
        await station.watch.served()
    assert (await pool.lane().model()).context_tokens == 2000


# --- failing over ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [Unreachable(), TimedOut(), Overloaded(), Malformed(), Refused(), ModelMissing()]
)
async def test_after_a_failure_another_server_is_asked(error: BackendError) -> None:
    first, second = serving("a"), serving("b")
    pool = Pool(first, second)
    lane = pool.lane()
    await lane.model()
    first.error = second.error = error
    with pytest.raises(type(error)):
        await anext(lane.stream(REQUEST))
    assert lane.may_retry(error)
    first.error = second.error = None
    assert text([delta async for delta in lane.stream(REQUEST)]) in ("a", "b")
    assert len(first.requests) == len(second.requests) == 1


async def test_each_server_is_asked_once_in_a_turn() -> None:
    first, second = serving("a"), serving("b")
    lane = Pool(first, second).lane()
    await lane.model()
    first.error = second.error = Overloaded()
    for left in (True, False):
        with pytest.raises(Overloaded):
            await anext(lane.stream(REQUEST))
        assert lane.may_retry(Overloaded()) is left
    assert first.open == second.open == 0


# --- the only server ---------------------------------------------------------------------------


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pauses before a second chance."""
    monkeypatch.setattr(lane, "SECOND_CHANCE_SECONDS", 0.0)


@pytest.mark.parametrize("error", [Unreachable(), Overloaded(), Malformed()])
async def test_the_only_server_has_a_second_chance_and_no_third(
    soon: None, error: BackendError
) -> None:
    server = serving("a")
    way = Pool(server).lane()
    await way.model()
    server.error = error
    for left in (True, False):
        with pytest.raises(type(error)):
            await anext(way.stream(REQUEST))
        assert way.may_retry(error) is left
    assert len(server.requests) == 2
    with pytest.raises(ModelMissing):
        await anext(way.stream(REQUEST))


async def test_the_only_server_answers_at_its_second_chance(soon: None) -> None:
    server = serving("a")
    way = Pool(server).lane()
    await way.model()
    server.error = Overloaded()
    with pytest.raises(Overloaded):
        await anext(way.stream(REQUEST))
    server.error = None
    assert text([delta async for delta in way.stream(REQUEST)]) == "a"


@pytest.mark.parametrize(
    "error", [Refused(), ModelMissing(), TimedOut(), StillLoading(), ContextExceeded()]
)
async def test_what_would_fail_again_is_not_tried_again(error: BackendError) -> None:
    way = Pool(serving("a")).lane()
    way._failed.update(way._stations)
    assert not way.may_retry(error)


@pytest.mark.parametrize(("seconds", "again"), [(3.0, True), (60.0, False)])
async def test_a_server_that_wants_to_be_left_alone_for_long_is(
    seconds: float, again: bool
) -> None:
    way, error = Pool(serving("a")).lane(), Overloaded()
    way._failed.update(way._stations)
    error.retry_after = seconds
    assert way.may_retry(error) is again


async def test_it_waits_as_long_as_the_server_says(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr("chatapp.catalog.lane.asyncio.sleep", pause)
    server = serving("a")
    way = Pool(server).lane()
    server.error = Overloaded()
    server.error.retry_after = 3.0
    for _ in range(2):
        with pytest.raises(Overloaded):
            await anext(way.stream(REQUEST))
    assert paused == [3.0]


async def test_a_question_that_is_too_long_is_too_long_everywhere() -> None:
    lane = Pool(serving("a"), serving("b")).lane()
    assert not lane.may_retry(ContextExceeded())


async def test_a_server_that_is_down_is_not_announced() -> None:
    first, second = serving("a", digest="d1"), serving("b", digest="d2")
    pool = Pool(first, second)
    pool.offer = replace(pool.offer, places=pool.offer.places[:2])
    first.error = Unreachable()
    lane = pool.lane()
    assert (await lane.model()).digest == "d2"
    assert text([delta async for delta in lane.stream(REQUEST)]) == "b"
    second.error = Unreachable("b")
    with pytest.raises(Unreachable):
        await Pool(first, second).lane().model()


async def test_a_changed_model_is_withheld_from_its_server_alone() -> None:
    first, second = serving("a", digest="d1"), serving("b", digest="d2")
    pool = Pool(first, second)
    pool.offer = replace(
        pool.offer, places=tuple(replace(place, pin="d2") for place in pool.offer.places)
    )
    for _ in range(3):
        assert await pool.ask() == "b"
    second.served = (ServedModel("qwen3:8b", "d3"),)
    await pool.stations["b"].watch.ask()
    with pytest.raises(ModelChanged):
        await pool.ask()


async def test_other_weights_than_announced_are_told() -> None:
    first, second = serving("a", digest="d1"), serving("b", digest="d2")
    pool = Pool(first, second)
    lane = pool.lane()
    announced = await lane.model()
    server, other = (first, second) if announced.digest == "d1" else (second, first)
    server.error = Unreachable()
    with pytest.raises(Unreachable):
        await anext(lane.stream(REQUEST))
    deltas = [delta async for delta in lane.stream(REQUEST)]
    assert deltas[0] == Answering("qwen3:8b", other.served[0].digest)


async def test_closing_it_in_the_middle_leaves_nothing_open() -> None:
    server = serving("a")
    pool = Pool(server, parallel=1)
    stream = pool.lane().stream(REQUEST)
    await anext(stream)
    assert (server.open, pool.stations["a"].busy) == (1, 1)
    await stream.aclose()
    assert (server.open, pool.stations["a"].busy) == (0, 0)


async def test_a_failure_after_the_first_piece_is_told() -> None:
    server = serving("a")
    server.breaks = Unreachable("broke off")
    async with aclosing(Pool(server).lane().stream(REQUEST)) as stream:
        assert await anext(stream) == TextDelta("a")
        with pytest.raises(Unreachable):
            await anext(stream)


# --- which server ----------------------------------------------------------------------------


async def test_a_conversation_goes_back_to_the_server_that_has_its_prefix() -> None:
    pool = Pool(*(serving(name) for name in "abcd"))
    caller = Caller(1, uuid4())
    first = await pool.ask(caller)
    for _ in range(5):
        for _ in range(3):
            await pool.ask(Caller(2, uuid4()))
        assert await pool.ask(caller) == first


async def test_conversations_are_spread_and_every_process_spreads_them_alike() -> None:
    pool = Pool(*(serving(name) for name in "abcd"))
    callers = [Caller(1, uuid4()) for _ in range(40)]
    chosen = [await pool.ask(caller) for caller in callers]
    assert set(chosen) == set("abcd")
    other = Pool(*pool.servers.values())
    other.addresses, other.offer = pool.addresses, pool.offer
    assert [await other.ask(caller) for caller in callers] == chosen


async def test_the_least_busy_one_is_asked() -> None:
    pool = Pool(serving("a"), serving("b"))
    pool.stations["a"].busy = 2
    pool.stations["b"].busy = 1
    assert await pool.ask() == "b"


async def test_a_conversation_leaves_a_server_that_has_no_room() -> None:
    pool = Pool(serving("a"), serving("b"), parallel=1)
    caller = Caller(1, uuid4())
    first = await pool.ask(caller)
    pool.stations[first].busy = 1
    assert await pool.ask(caller) != first


# --- loading ---------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(lane, "ASK_AGAIN_SECONDS", 0.01)


@pytest.mark.usefixtures("impatient")
async def test_a_model_that_is_loaded_first_is_told_with_the_time_that_it_took() -> None:
    server = serving("a")
    pool = Pool(server)
    server.cold = {"qwen3:8b"}
    for seconds in (None, 40):
        server.hold.clear()
        async with aclosing(pool.lane().stream(REQUEST)) as stream:
            assert await anext(stream) == Loading(seconds)
            server.hold.set()
            assert await anext(stream) == TextDelta("a")
        assert pool.stations["a"].loading_took["qwen3:8b"] > 0
        pool.stations["a"].loading_took["qwen3:8b"] = 39.6


@pytest.mark.usefixtures("impatient")
async def test_a_slow_server_with_the_model_in_memory_loads_nothing() -> None:
    server = serving("a")
    server.hold.clear()
    deltas: list[Delta] = []

    async def read() -> None:
        deltas.extend([delta async for delta in Pool(server).lane().stream(REQUEST)])

    reading = asyncio.create_task(read())
    await until(lambda: server.cold_asked == 1)
    server.hold.set()
    await reading
    assert deltas == [TextDelta("a"), Finished("stop")]


@pytest.mark.usefixtures("impatient")
async def test_stopping_while_it_loads_closes_the_request() -> None:
    server = serving("a")
    server.cold = {"qwen3:8b"}
    server.hold.clear()
    stream = Pool(server).lane().stream(REQUEST)
    assert await anext(stream) == Loading(None)
    await stream.aclose()
    assert server.open == 0


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_still_loads_is_waited_for() -> None:
    server = serving("a")
    server.error = StillLoading()
    pool = Pool(server)
    lane = pool.lane()
    choice = await lane.model()
    assert (choice.name, choice.digest, choice.context_tokens) == ("Qwen 3 8B", "", 8192)
    async with aclosing(lane.stream(REQUEST)) as stream:
        assert await anext(stream) == Loading(None)
        server.error = None
        rest = [delta async for delta in stream if not isinstance(delta, Loading)]
    assert rest == [TextDelta("a"), Finished("stop")]


@pytest.mark.usefixtures("impatient")
async def test_where_another_server_is_ready_nobody_waits_for_one_that_loads() -> None:
    first, second = serving("a"), serving("b")
    pool = Pool(first, second)
    first.error = StillLoading()
    for _ in range(4):
        assert await pool.ask() == "b"


async def test_a_server_that_loads_for_ever_is_given_up(
    impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "LOADING_SECONDS", 0.0)
    server = serving("a")
    server.error = StillLoading()
    with pytest.raises(StillLoading):
        [delta async for delta in Pool(server).lane().stream(REQUEST)]


# --- on the wire ------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [Script(status=503), Script(drop_after=0)])
async def test_real_servers_stand_in_for_one_another(script: Script) -> None:
    async with FakeModelServer() as broken, FakeModelServer() as well:
        pool = Pool(serving("a"), serving("b"))
        pool.stations = {
            name: Station(OpenAIBackend(server.url))
            for name, server in (("a", broken), ("b", well))
        }
        pool.offer = replace(
            pool.offer, places=tuple(replace(place, name="fake") for place in pool.offer.places)
        )
        broken.script = well.script = script
        way = pool.lane()
        await way.model()
        with pytest.raises(BackendError) as caught:
            [delta async for delta in way.stream(REQUEST)]
        assert way.may_retry(caught.value)
        broken.script = well.script = Script(pieces=("Hello.",))
        assert text([delta async for delta in way.stream(REQUEST)]) == "Hello."
        assert len(broken.requests) == len(well.requests) == 1


async def test_ollama_that_loads_a_model_is_told_of(impatient: None) -> None:
    async with FakeModelServer() as server:
        server.loaded = set()
        server.script = Script(gate_after=0)
        station = Station(OllamaBackend(server.url))
        request = replace(REQUEST, model="fake")
        async with aclosing(cold.started(station, request)) as stream:
            assert await anext(stream) == Loading(None)
            server.gate.set()
            assert await anext(stream) == TextDelta("Hello")
