"""How an answer ends before its time: the client goes, the key ends, the server stops."""

import asyncio
import copy
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from channels.db import database_sync_to_async
from openai import APIError, AsyncOpenAI, AuthenticationError

from chatapp.accounts.models import User
from chatapp.api.models import ApiKey
from chatapp.api.v1 import chat
from chatapp.backends.base import ChatRequest, Delta, TextDelta
from guardrails.defaults import ALLOW
from guardrails.policy import DEFAULT_BODY, KNOWN, Policy
from guardrails.verdict import Subject, Verdict
from tests.api.chatting import asking
from tests.conversations.conftest import Use
from tests.conversations.scripted import (
    DONE,
    POLICY,
    Pause,
    ScriptedBackend,
    ScriptedJudge,
    make_tools,
    until,
)

pytestmark = pytest.mark.usefixtures("named_model")

WORDS = "Once upon a time there was a handbook. " * 20


@pytest.fixture
def pause() -> Pause:
    return Pause()


@pytest.fixture
def backend(use: Use, pause: Pause) -> ScriptedBackend:
    """A model that says something, then waits."""
    made = ScriptedBackend(TextDelta(WORDS), pause, TextDelta("The end."), DONE)
    use(make_tools(made))
    return made


async def test_closing_the_stream_stops_the_model(
    client: AsyncOpenAI, backend: ScriptedBackend, pause: Pause
) -> None:
    stream = await client.chat.completions.create(**asking(stream=True))
    await anext(stream)
    await pause.reached.wait()
    assert backend.open == 1
    await stream.close()
    await until(lambda: backend.open == 0, 1.0)


async def test_so_does_going_away_from_an_answer_in_one_piece(
    client: AsyncOpenAI, backend: ScriptedBackend, pause: Pause
) -> None:
    asked = asyncio.create_task(client.chat.completions.create(**asking()))
    await pause.reached.wait()
    assert backend.open == 1
    asked.cancel()
    await until(lambda: backend.open == 0, 1.0)
    await asyncio.wait([asked])


class SlowJudge(ScriptedJudge):
    """Never comes to a verdict; knows when it is not waited for any more."""

    left = False

    async def judge(self, subject: Subject) -> Verdict:
        self.seen.append(subject)
        try:
            await asyncio.Event().wait()
        finally:
            self.left = True
        return await super().judge(subject)


async def test_going_away_while_the_guard_judges_asks_no_model(
    client: AsyncOpenAI, use: Use
) -> None:
    judge, backend = SlowJudge(), ScriptedBackend(DONE)
    use(make_tools(backend, judge))
    asked = asyncio.create_task(client.chat.completions.create(**asking(stream=True)))
    await until(lambda: bool(judge.seen))
    asked.cancel()
    await until(lambda: judge.left, 1.0)
    await asyncio.wait([asked])
    assert backend.requests == []


def revoke() -> None:
    ApiKey.objects.update(revoked="2026-01-01T00:00:00Z")


def suspend() -> None:
    User.objects.update(is_active=False)


@pytest.fixture
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are looked at often."""
    monkeypatch.setattr(chat, "LOOK_AGAIN_SECONDS", 0.05)


@pytest.mark.parametrize("end", [revoke, suspend])
async def test_a_key_that_ends_meanwhile_ends_the_answer(
    client: AsyncOpenAI, backend: ScriptedBackend, watchful: None, end: Any
) -> None:
    stream = await client.chat.completions.create(**asking(stream=True))
    await anext(stream)
    await database_sync_to_async(end)()
    with pytest.raises(APIError, match="meanwhile") as ended:
        async for _ in stream:
            pass
    assert ended.value.code == "invalid_api_key"
    assert backend.open == 0


async def test_it_ends_an_answer_in_one_piece_too(
    client: AsyncOpenAI, backend: ScriptedBackend, pause: Pause, watchful: None
) -> None:
    asked = asyncio.create_task(client.chat.completions.create(**asking()))
    await pause.reached.wait()
    await database_sync_to_async(revoke)()
    with pytest.raises(AuthenticationError):
        await asked
    assert backend.open == 0


async def test_a_silent_stream_says_that_it_lives(
    http: httpx.AsyncClient, use: Use, pause: Pause, watchful: None
) -> None:
    use(make_tools(ScriptedBackend(pause, TextDelta("At last."), DONE)))
    async with http.stream("POST", "/chat/completions", json=asking(stream=True)) as answer:
        lines = answer.aiter_lines()
        seen = [await anext(lines) for _ in range(4)]
        assert seen[0].startswith('data: {"id":"chatcmpl-')
        assert seen[2] == ": still here"
        pause.go.set()
        rest = [line async for line in lines]
    assert rest[-2] == "data: [DONE]"
    assert any("At last." in line for line in rest)


class Endless(ScriptedBackend):
    """Tells the same for ever; ``told`` is how often."""

    told = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        async with aclosing(super().stream(request)) as stream:
            async for delta in stream:
                while True:
                    self.told += 1
                    yield delta
                    await asyncio.sleep(0)


def unguarded_answers() -> Policy:
    """So that millions of words take no time to be judged."""
    body = copy.deepcopy(DEFAULT_BODY)
    body["stages"]["response"]["categories"] |= dict.fromkeys(KNOWN, ALLOW)
    body["stages"]["response"]["on_failure"] = "allow"
    return Policy.from_body(POLICY.version, body)


async def test_a_reader_that_is_slow_slows_the_model_and_not_the_memory(
    http: httpx.AsyncClient, use: Use
) -> None:
    backend = Endless(TextDelta(WORDS))
    use(make_tools(backend, policy=unguarded_answers()))
    seen = [0] * 20

    def stands_still() -> bool:
        seen.append(backend.told)
        return seen[-20] == seen[-1] > 0

    async with http.stream("POST", "/chat/completions", json=asking(stream=True)) as answer:
        assert answer.status_code == 200
        await until(stands_still, 60)
    assert backend.told * len(WORDS) < 20_000_000
    await until(lambda: backend.open == 0)
