"""What stands before the API: keys, limits, sizes, and nothing of the pages' sessions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from channels.db import database_sync_to_async
from openai import AsyncOpenAI, AuthenticationError, RateLimitError
from pytest_django import Settings

from chatapp import access
from chatapp.accounts.models import User
from chatapp.api import limits
from chatapp.api.gate import Gate
from chatapp.api.keys import authenticate
from chatapp.api.models import ApiKey
from chatapp.library.body_limit import ENVELOPE_BYTES, PLAIN_MAX_BYTES, Receive, Scope, Send
from tests.conversations.conftest import session_of
from tests.library.test_body_limit import Sender, scope

MODELS = "/models"
UPLOAD_MAX = 2 * PLAIN_MAX_BYTES


def is_an_error(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The error in an answer, which must be one in OpenAI's shape."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"error"}
    error: dict[str, Any] = body["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["message"].endswith(".")
    return error


async def test_the_key_says_who_calls(client: AsyncOpenAI) -> None:
    await client.models.list()
    assert (await ApiKey.objects.aget()).last_used is not None


NO_KEYS: list[list[tuple[str, str]]] = [
    [],
    [("Authorization", "")],
    [("Authorization", "Bearer")],
    [("Authorization", "Bearer not-a-key")],
    [("Authorization", "Basic {key}")],
    [("Authorization", "{key}")],
    [("X-Api-Key", "{key}")],
    [("Api-Key", "{key}")],
    [("X-Forwarded-User", "emma")],
    [("Authorization", "Bearer {key}"), ("Authorization", "Bearer {key}")],
]


async def test_without_a_key_in_its_place_nothing_opens(address: str, key: str) -> None:
    calls = (("GET", MODELS), ("POST", "/chat/completions"), ("GET", "/nowhere"))
    async with httpx.AsyncClient(base_url=address) as bare:
        for headers, (method, path) in product(NO_KEYS, calls):
            sent = [(name, value.format(key=key)) for name, value in headers]
            answer = await bare.request(method, path, headers=sent)
            assert is_an_error(answer, 401)["code"] == "invalid_api_key", headers
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_session_is_no_key(address: str, employee: User) -> None:
    session = await database_sync_to_async(session_of)(employee)
    async with httpx.AsyncClient(base_url=address, cookies={"sessionid": session}) as bare:
        answer = await bare.get(MODELS)
    is_an_error(answer, 401)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "change",
    [
        lambda: ApiKey.objects.update(revoked="2026-01-01T00:00:00Z"),
        lambda: ApiKey.objects.update(expires="2026-01-01T00:00:00Z"),
        lambda: User.objects.update(is_active=False),
        lambda: User.objects.all().delete(),
    ],
    ids=["revoked", "expired", "suspended", "deleted"],
)
async def test_what_ends_a_key_ends_it_at_once(client: AsyncOpenAI, change: Any) -> None:
    await client.models.list()
    await database_sync_to_async(change)()
    with pytest.raises(AuthenticationError) as refused:
        await client.models.list()
    assert refused.value.code == "invalid_api_key"


async def test_nobody_without_a_key_can_send_a_body(address: str) -> None:
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    async with closing(writer):
        announced = b"POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n"
        writer.write(announced)
        async with asyncio.timeout(20):
            answer = await reader.read()  # to the end: the server closed
    assert answer.startswith(b"HTTP/1.1 401 ")


@asynccontextmanager
async def closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_body_that_says_that_it_is_too_long_is_refused(http: httpx.AsyncClient) -> None:
    error = is_an_error(await http.post(MODELS, content=b" " * (PLAIN_MAX_BYTES + 1)), 413)
    assert error["code"] == "request_too_large"


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/v1/files", UPLOAD_MAX + ENVELOPE_BYTES),
        ("/v1/files/", PLAIN_MAX_BYTES),
        ("/v1/chat/completions", PLAIN_MAX_BYTES),
    ],
)
async def test_a_body_that_grows_too_long_is_refused_whatever_is_made_of_it(
    rows: None, redis_url: str, admin_key: str, path: str, most: int
) -> None:
    authorization = (b"authorization", f"Bearer {admin_key}".encode())
    for size, status in ((most, 200), (most + 1, 413)):
        sender = Sender(size)
        gate = Gate(reads_on, limits.limits, UPLOAD_MAX)
        await gate(scope(path, authorization), sender.receive, sender.send)
        assert sender.status == status
        assert sender.taken <= most + 65536
        assert len([each for each in sender.answer if "status" in each]) == 1


async def test_little_is_read_of_a_file_whose_sender_may_send_none(
    rows: None, redis_url: str, key: str
) -> None:
    sender = Sender(UPLOAD_MAX)
    asked = scope("/v1/files", (b"authorization", f"Bearer {key}".encode()))
    await Gate(reads_on, limits.limits, UPLOAD_MAX)(asked, sender.receive, sender.send)
    assert sender.status == 403
    assert sender.taken <= PLAIN_MAX_BYTES + 65536


async def test_whoever_is_refused_while_sending_sees_why(address: str) -> None:
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    async with closing(writer), asyncio.timeout(20):
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        await writer.drain()
        await asyncio.sleep(0)  # the server could answer, and close, before the rest comes
        writer.write(b'"a": 12}')
        await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")


async def reads_on(_: Scope, receive: Receive, send: Send) -> None:
    """An application that answers 200 however the body ends."""
    while (message := await receive()).get("more_body"):
        pass
    assert message["type"] in ("http.request", "http.disconnect")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_a_key_that_calls_too_often_waits(
    client: AsyncOpenAI, http: httpx.AsyncClient, settings: Settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    raw = await client.models.with_raw_response.list()
    assert raw.headers["x-ratelimit-limit-requests"] == "2"
    assert raw.headers["x-ratelimit-remaining-requests"] == "1"
    await client.models.list()
    with pytest.raises(RateLimitError) as refused:
        await client.models.list()
    assert refused.value.code == "rate_limit_exceeded"
    answer = await http.get(MODELS)
    is_an_error(answer, 429)
    assert 0 < int(answer.headers["retry-after"]) <= 31
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"


async def test_a_refused_key_uses_up_nothing(address: str, key: str, settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    async with httpx.AsyncClient(base_url=address) as bare:
        for _ in range(5):
            await bare.get(MODELS, headers={"Authorization": f"Bearer {key[:-1]}"})
        answer = await bare.get(MODELS, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200


async def test_what_is_not_there_is_an_error_like_any_other(http: httpx.AsyncClient) -> None:
    for path in ("/nowhere", "/models/absent", "/", ""):
        is_an_error(await http.get(path), 404)
    answer = await http.delete(MODELS)
    is_an_error(answer, 405)
    assert answer.headers["allow"] == "GET"
    assert (await http.put("/vector_stores")).headers["allow"] == "GET, POST"


async def test_a_fault_of_ours_tells_nothing_of_itself(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: User) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(access, "usable_models", broken)
    answer = await http.get(MODELS)
    error = is_an_error(answer, 500)
    assert error["type"] == "server_error"
    assert "secret detail" not in answer.text
    assert "secret detail" in caplog.text


async def test_every_answer_is_private_and_has_a_number(client: AsyncOpenAI) -> None:
    one = await client.models.with_raw_response.list()
    other = await client.models.with_raw_response.list()
    assert one.headers["x-request-id"] != other.headers["x-request-id"]
    assert one.headers["cache-control"] == "no-store"
    assert one.headers["x-content-type-options"] == "nosniff"


async def test_no_other_origin_is_let_in(http: httpx.AsyncClient) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (await http.options(MODELS, headers=asked), await http.get(MODELS)):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_the_pages_are_still_the_pages(address: str) -> None:
    async with httpx.AsyncClient(base_url=address.removesuffix("/v1")) as bare:
        page = await bare.get("/sign-in/", headers={"Host": "testserver"})
        near = await bare.get("/v10/", headers={"Host": "testserver"})
    assert page.headers["content-type"].startswith("text/html")
    assert near.headers["content-type"].startswith("text/html")


async def test_everybody_may_ask_whether_it_answers(address: str) -> None:
    async with httpx.AsyncClient(base_url=address.removesuffix("/v1")) as bare:
        answer = await bare.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_it_uses_the_limits_of_its_own_loop(rows: None, redis_url: str, key: str) -> None:
    caller = await database_sync_to_async(authenticate)(key)
    assert limits.limits() is limits.limits()
    assert (await limits.limits().take(caller.prefix)).taken
