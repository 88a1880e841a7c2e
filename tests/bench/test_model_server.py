"""The benchmarks' model server: bytes that the product's adapters read, at a pace, with stamps."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest

from bench import answer
from bench.load import mark
from bench.model_server import Pace
from chatapp.backends.base import Backend, ChatRequest, Finished, Message, TextDelta
from chatapp.backends.ollama import OllamaBackend
from chatapp.backends.openai import OpenAIBackend
from tests.bench.conftest import Served
from tests.conversations.scripted import until

BACKENDS: dict[str, Callable[[str], Backend]] = {"openai": OpenAIBackend, "ollama": OllamaBackend}


def request(number: int = 0) -> ChatRequest:
    return ChatRequest(answer.MODEL, (Message("user", f"Tell me. {mark(number)}"),))


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, served: Served) -> Backend:
    return BACKENDS[request.param](served.url)


async def test_the_products_adapters_read_each_token_and_the_counts(backend: Backend) -> None:
    async with aclosing(backend.stream(request())) as stream:
        *pieces, end = [delta async for delta in stream]
    assert pieces == [TextDelta(word) for word in answer.words(10, seed=1)]
    assert end == Finished("stop", prompt_tokens=40, answer_tokens=10)


async def test_the_products_adapters_find_the_model_and_its_context(backend: Backend) -> None:
    (model,) = await backend.served_models()
    assert (model.name, model.context_tokens) == (answer.MODEL, 8192)


async def test_each_token_is_stamped_when_it_is_sent(served: Served, backend: Backend) -> None:
    served.server.pace = Pace(first=0.02, rate=100, tokens=5)
    before = asyncio.get_running_loop().time()
    for number in (0, 1):
        async with aclosing(backend.stream(request(number))) as stream:
            [delta async for delta in stream]
    async with served.http.get(f"{served.url}/stamps") as response:
        stamps = await response.json()
    assert list(stamps) == [mark(0), mark(1)]
    first = stamps[mark(0)]
    assert len(first) == 5
    assert first == sorted(first)
    due = [before + 0.02 + number / 100 for number in range(5)]
    assert all(sent >= at for sent, at in zip(first, due, strict=True))


async def test_stamps_are_handed_out_once(served: Served, backend: Backend) -> None:
    async with aclosing(backend.stream(request())) as stream:
        [delta async for delta in stream]
    for expected in (1, 0):
        async with served.http.get(f"{served.url}/stamps") as response:
            assert len(await response.json()) == expected


async def test_nothing_more_is_said_to_whoever_goes_away(served: Served, backend: Backend) -> None:
    served.server.pace = Pace(first=0.0, rate=100, tokens=10_000)
    async with aclosing(backend.stream(request())) as stream:
        await anext(stream)
    await until(lambda: served.server.speaking == 0)
    assert len(served.server.stamps[mark(0)]) < 10_000


async def test_the_pace_is_set_over_http(served: Served) -> None:
    wanted = {"first": 0.5, "rate": 20, "tokens": 3, "seed": 9}
    async with served.http.post(f"{served.url}/pace", json=wanted) as response:
        assert response.status == 200
    assert served.server.pace == Pace(**wanted)  # type: ignore[arg-type]  # as they came


def test_an_answer_follows_from_its_length_and_seed() -> None:
    assert answer.words(30, 1) == answer.words(30, 1)
    assert answer.words(30, 1) != answer.words(30, 2)
    assert answer.words(5, 1) == answer.words(30, 1)[:5]


def test_nothing_in_an_answer_is_of_the_kind_that_rules_look_for() -> None:
    assert not any(sign in "".join(answer.words(300, 1)) for sign in "0123456789@[]<>/:")
