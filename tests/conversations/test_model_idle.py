"""Stop frees the model at once, and a closed tab does not: through the adapters, to the wire."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from chatapp.accounts.models import User
from chatapp.backends.ollama import OllamaBackend
from chatapp.backends.openai import OpenAIBackend
from chatapp.catalog.station import Station
from chatapp.conversations.models import Turn
from tests.catalog.serving import Pool, serving
from tests.conversations.conftest import Connect, Use, texts
from tests.conversations.scripted import make_tools, until
from tests.fakes.model_formats import Script
from tests.fakes.model_server import FakeModelServer, Seen

SENTENCE = "A sentence that is long enough for the guard to let it through. " * 8
IDLE_SECONDS = 1.0


@pytest.fixture(params=[OllamaBackend, OpenAIBackend])
async def server(request: pytest.FixtureRequest, use: Use) -> AsyncIterator[FakeModelServer]:
    """What answers, over the wire of each adapter; it holds back its answer's last piece."""
    async with FakeModelServer() as fake:
        fake.script = Script(pieces=(SENTENCE, "The end."), gate_after=1)
        pool = Pool(serving("a"))
        pool.stations = {"a": Station(request.param(fake.url))}
        place = replace(pool.offer.places[0], name="fake")
        lane = pool.lane(offer=replace(pool.offer, places=(place,)))
        use(replace(make_tools(), model=lane.model, backend=lane, may_retry=lane.may_retry))
        yield fake


async def asked_of(server: FakeModelServer, pieces: int) -> Seen:
    """The request, once the server has sent so many pieces of its answer."""
    await until(lambda: bool(server.requests) and server.requests[0].sent >= pieces)
    return server.requests[0]


@pytest.mark.parametrize("pieces", [0, 1])
async def test_stop_leaves_the_model_server_idle_within_a_second(
    connect: Connect, server: FakeModelServer, employee: User, pieces: int
) -> None:
    server.script = replace(server.script, gate_after=pieces)
    socket = await connect(employee)
    accepted = await socket.ask("Tell me everything")
    seen = await asked_of(server, pieces)
    await socket.send(type="stop", turn=accepted["turn"])
    async with asyncio.timeout(IDLE_SECONDS):
        await seen.gone.wait()
    assert (await socket.until_end())[-1]["event"]["status"] == "stopped"
    assert len(server.requests) == 1, "what was stopped is not tried again"


async def test_closing_the_tab_stops_nothing(
    connect: Connect, server: FakeModelServer, employee: User
) -> None:
    socket = await connect(employee)
    accepted = await socket.ask("Tell me everything")
    seen = await asked_of(server, 1)
    await socket.close()
    server.gate.set()
    back = await connect(employee)
    await back.attach(accepted["turn"])
    assert texts(await back.until_end()) == SENTENCE + "The end."
    assert not seen.gone.is_set()
    assert (await Turn.objects.aget(id=accepted["turn"])).status == "done"


async def test_a_window_that_stops_what_another_asked_frees_the_model_too(
    connect: Connect, server: FakeModelServer, employee: User
) -> None:
    accepted = await (await connect(employee)).ask("Tell me everything")
    seen = await asked_of(server, 1)
    await (await connect(employee)).send(type="stop", turn=accepted["turn"])
    async with asyncio.timeout(IDLE_SECONDS):
        await seen.gone.wait()
