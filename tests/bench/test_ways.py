"""The clients of the benchmarks, and the streams that they read."""

import json
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web

from bench.answer import words
from bench.load import Stream, burst, mark
from bench.ways import Api, Direct, Socket
from chatapp.conversations.frames import Send, parse
from tests.bench.conftest import Served, answering


@dataclass(slots=True)
class Sent:
    """What a client sent to a socket."""

    headers: Mapping[str, str] = field(default_factory=dict)
    frame: Any = None


@pytest.mark.parametrize("kind", ["openai", "ollama"])
async def test_the_direct_way_reads_every_piece(served: Served, kind: str) -> None:
    way = Direct(served.http, served.url, kind)
    async with way.ready(0) as ask, aclosing(ask("Hello?")) as pieces:
        assert "".join([piece async for piece in pieces]) == "".join(words(10, seed=1))


async def test_a_burst_begins_within_a_second_and_notes_what_came(served: Served) -> None:
    streams = await burst(Direct(served.http, served.url, "openai"), 3, first=26)
    assert [stream.mark for stream in streams] == [mark(26), mark(27), mark(28)]
    asked = [stream.asked for stream in streams]
    assert asked == sorted(asked)
    assert {stream.failure for stream in streams} == {""}
    whole = len("".join(words(10, seed=1)))
    assert {stream.arrivals[-1][1] for stream in streams} == {whole}


async def direct(http: ClientSession, kind: str, status: int, body: bytes) -> Stream:
    """What the direct way makes of such an answer."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    async with answering(app) as url:
        (stream,) = await burst(Direct(http, url, kind), 1)
    return stream


@pytest.mark.parametrize("body", [b"", b"data: {", b'data: {"choices": []}\n\n'])
async def test_an_answer_without_its_end_is_broken(http: ClientSession, body: bytes) -> None:
    assert (await direct(http, "openai", 200, body)).failure == "the stream broke off"


async def test_a_refusal_is_told_with_its_status(http: ClientSession) -> None:
    assert (await direct(http, "ollama", 503, b"busy")).failure == "status 503: busy"


async def through(http: ClientSession, *frames: dict[str, object]) -> tuple[Stream, Sent]:
    """What the socket's way makes of such frames, and what it sent."""
    sent = Sent()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sent.headers, sent.frame = request.headers, await socket.receive_json()
        for frame in frames:
            await socket.send_json(frame)
        await socket.close(code=4401)
        return socket

    app = web.Application()
    app.router.add_get("/ws/chat/", handle)
    async with answering(app) as url:
        (stream,) = await burst(Socket(http, url, ("a-session",)), 1)
    return stream, sent


def event(**fields: object) -> dict[str, object]:
    return {"type": "event", "turn": "t", "seq": 1, "event": fields}


async def test_the_sockets_way_asks_as_the_page_does_and_notes_the_text(
    http: ClientSession,
) -> None:
    stream, sent = await through(
        http,
        {"type": "accepted"},
        event(type="started"),
        event(type="text", text="One"),
        event(type="text", text=" two"),
        event(type="ended", status="done", reason=""),
    )
    assert stream.failure == ""
    assert [characters for _, characters in stream.arrivals] == [3, 7]
    assert sent.headers["Cookie"] == "sessionid=a-session"
    asked = parse(json.dumps(sent.frame))
    assert isinstance(asked, Send)
    assert (asked.conversation, asked.collections) == (None, ())
    assert mark(0) in asked.text


@pytest.mark.parametrize(
    ("frame", "failure"),
    [
        ({"type": "error", "code": "busy", "message": "Too many."}, "Too many."),
        (event(type="ended", status="blocked", reason="No."), "blocked: No."),
        ({"type": "accepted"}, "the socket closed with 4401"),
    ],
)
async def test_any_other_end_of_a_turn_is_a_failure(
    http: ClientSession, frame: dict[str, object], failure: str
) -> None:
    stream, _ = await through(http, frame)
    assert stream.failure == failure


async def by_api(http: ClientSession, *events: bytes) -> tuple[Stream, web.Request, Any]:
    """What the API's way makes of such events, and what it asked."""
    asked: list[tuple[web.Request, Any]] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append((request, await request.json()))
        return web.Response(body=b"".join(b"data: %b\n\n" % each for each in events))

    app = web.Application()
    app.router.add_post("/v1/chat/completions", handle)
    async with answering(app) as url:
        (stream,) = await burst(Api(http, url, ("a-key",), "Qwen"), 1)
    return stream, *asked[0]


async def test_the_apis_way_asks_with_a_key_for_the_offered_model(http: ClientSession) -> None:
    text = b'{"choices": [{"delta": {"content": "One"}}]}'
    stream, request, body = await by_api(http, text, b"[DONE]")
    assert (stream.failure, [count for _, count in stream.arrivals]) == ("", [3])
    assert request.headers["Authorization"] == "Bearer a-key"
    assert (body["model"], body["stream"]) == ("Qwen", True)
    assert mark(0) in body["messages"][0]["content"]


async def test_an_error_in_the_apis_stream_is_a_failure(http: ClientSession) -> None:
    stream, *_ = await by_api(http, b'{"error": {"message": "It broke."}}')
    assert stream.failure == "It broke."
