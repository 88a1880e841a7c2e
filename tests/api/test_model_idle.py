"""Who calls by the API holds the model no longer than they listen, and no more of it than on the
page: through the adapters, to the wire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from openai import AsyncOpenAI

from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.backends.ollama import OllamaBackend
from chatapp.backends.openai import OpenAIBackend
from chatapp.catalog.dispatch import Caller
from chatapp.catalog.station import Station
from chatapp.conversations.turn import Tools
from tests.api.chatting import asking, user
from tests.catalog.serving import Pool, serving
from tests.conversations.conftest import Connect, connect
from tests.conversations.scripted import make_tools, until
from tests.conversations.test_model_idle import IDLE_SECONDS, SENTENCE, asked_of
from tests.fakes.model_formats import Script
from tests.fakes.model_server import FakeModelServer

__all__ = ["connect"]  # a fixture of the conversations' tests
pytestmark = pytest.mark.usefixtures("named_model")


@pytest.fixture(params=[OllamaBackend, OpenAIBackend])
async def server(request: pytest.FixtureRequest, address: str) -> AsyncIterator[FakeModelServer]:
    """A model server that answers one at a time, and holds back the last piece of each answer."""
    async with FakeModelServer() as fake:
        fake.script = Script(pieces=(SENTENCE, "The end."), gate_after=1)
        pool = Pool(serving("a"))
        pool.stations = {"a": Station(request.param(fake.url), 1)}
        place = replace(pool.offer.places[0], name="fake")

        def tools(_: object, caller: Caller, *__: object) -> Tools:
            lane = pool.lane(caller, replace(pool.offer, places=(place,)))
            return replace(make_tools(), model=lane.model, backend=lane, may_retry=lane.may_retry)

        with patch.object(wiring, "tools", tools):
            yield fake


async def streamed(client: AsyncOpenAI) -> Callable[[], Awaitable[Any]]:
    stream = await client.chat.completions.create(**asking(stream=True))
    await anext(stream)

    async def leave() -> None:
        await stream.close()

    return leave


async def in_one_piece(client: AsyncOpenAI) -> Callable[[], Awaitable[Any]]:
    asked = asyncio.create_task(client.chat.completions.create(**asking()))

    async def leave() -> None:
        asked.cancel()
        await asyncio.wait([asked])

    return leave


@pytest.mark.parametrize("ask", [streamed, in_one_piece])
async def test_going_away_leaves_the_model_server_idle_within_a_second(
    client: AsyncOpenAI, server: FakeModelServer, ask: Any
) -> None:
    leave = await ask(client)
    seen = await asked_of(server, 1)
    async with asyncio.timeout(IDLE_SECONDS):
        await leave()
        await seen.gone.wait()
    assert len(server.requests) == 1


async def test_the_page_and_the_api_share_the_places_at_a_model_server(
    client: AsyncOpenAI, server: FakeModelServer, connect: Connect, employee: User
) -> None:
    stop = await streamed(client)
    socket = await connect(employee)
    await socket.ask("And on the page?")
    queued = await socket.until(type="event")
    while queued["event"]["type"] != "queued":
        queued = await socket.until(type="event")
    assert queued["event"]["position"] == 1
    assert len(server.requests) == 1

    await stop()
    await until(lambda: len(server.requests) == 2)
    answered = asyncio.create_task(client.chat.completions.create(**asking(user("And now?"))))
    server.gate.set()
    await answered
    assert len(server.requests) == 3
