"""A request leaves nothing open, whatever loop it ran in and however it ended."""

import asyncio
import gc
import warnings
from collections.abc import Callable

import pytest
from asgiref.sync import async_to_sync

from chatapp.backends.errors import BackendError, Overloaded, Unreachable
from chatapp.backends.openai import OpenAIBackend
from chatapp.backends.server import seconds_until
from tests.backends.asking import QUESTION, answering, ask, listening
from tests.fakes.model_formats import Script
from tests.fakes.model_server import FakeModelServer


async def all_ways_to_end() -> None:
    async with FakeModelServer() as server:
        backend = OpenAIBackend(server.url)
        await backend.served_models()
        await ask(backend)
        stream = backend.stream(QUESTION)
        await anext(stream)
        await stream.aclose()
        for script in (Script(drop_after=1), Script(status=500), Script(error_after=0)):
            server.script = script
            with pytest.raises(BackendError):
                await ask(backend)


@pytest.mark.parametrize("run", [lambda f: asyncio.run(f()), lambda f: async_to_sync(f)()])
def test_nothing_is_left_open(run: Callable[[Callable[[], object]], None]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(all_ways_to_end)
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


async def test_a_server_that_closes_every_connection_is_asked_again_and_again() -> None:
    body = b'{"data": [{"id": "x"}]}'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nKeep-Alive: timeout=5\r\n\r\n"
    async with listening(answering(head.encode() + body)) as url:
        for _ in range(20):
            assert len(await OpenAIBackend(url).served_models()) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0", 0.0),
        ("9" * 400, 999_999_999.0),
        ("Fri, 27 Nov 2020 14:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("²", None),
        ("Fri, 99 Nov 99999 14:00:00 GMT", None),
    ],
)
def test_when_to_ask_again_is_read_whatever_the_header_holds(
    header: str, seconds: float | None
) -> None:
    assert seconds_until(header) == seconds


async def test_a_busy_server_says_when_to_ask_again() -> None:
    head = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    async with listening(answering(head)) as url:
        with pytest.raises(Overloaded) as caught:
            await ask(OpenAIBackend(url))
    assert caught.value.retry_after == 7


async def test_a_name_that_no_server_has_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        await OpenAIBackend("http://no-such-server.invalid").served_models()
