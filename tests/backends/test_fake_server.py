"""The fake model server as a process, as browser tests use it."""

import asyncio
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest

from chatapp.backends.base import ChatRequest, Message
from chatapp.backends.errors import Overloaded, Unreachable
from chatapp.backends.openai import OpenAIBackend
from chatapp.launch.health import http_answers
from chatapp.launch.ports import free_port
from tests.backends.asking import ask, text


@pytest.fixture
async def url() -> AsyncIterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.fakes.model_server", str(port)]
    process = await asyncio.create_subprocess_exec(*command)
    address = f"http://127.0.0.1:{port}"
    while not await asyncio.to_thread(http_answers, f"{address}/health"):
        assert process.returncode is None
    yield address
    process.kill()
    await process.wait()


def saying(words: str) -> ChatRequest:
    return ChatRequest("fake", (Message("user", words),))


async def test_a_keyword_in_the_question_chooses_the_answer(url: str) -> None:
    backend = OpenAIBackend(url)
    assert text(await ask(backend, saying("Hello"))) == "Hello there."
    assert "**bold**" in text(await ask(backend, saying("Show me Markdown")))
    with pytest.raises(Overloaded):
        await ask(backend, saying("Are you overloaded?"))
    with pytest.raises(Unreachable):
        await ask(backend, saying("Break off, please"))


async def test_a_script_is_set_and_its_gate_opened_over_http(url: str) -> None:
    async with aiohttp.ClientSession(url) as session:
        await session.post("/script", json={"pieces": ["One ", "two."], "gate_after": 1})
        stream = OpenAIBackend(url).stream(saying("Hello"))
        assert text([await anext(stream)]) == "One "
        await session.post("/open")
        assert text([delta async for delta in stream]) == "two."
        async with session.get("/requests") as answer:
            (seen,) = await answer.json()
        assert (seen["sent"], seen["gone"]) == (2, False)


async def test_it_tells_that_the_client_went_away(url: str) -> None:
    stream = OpenAIBackend(url).stream(saying("Go on for ever"))
    await anext(stream)
    await stream.aclose()
    async with aiohttp.ClientSession(url) as session, asyncio.timeout(1):
        gone = False
        while not gone:
            async with session.get("/requests") as answer:
                gone = (await answer.json())[0]["gone"]
