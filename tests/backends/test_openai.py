"""The OpenAI-compatible adapter against a server on a real socket."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import orjson
import pytest

from chatapp.backends.base import (
    ChatRequest,
    Finished,
    Image,
    Message,
    Sampling,
    ServedModel,
    TextDelta,
)
from chatapp.backends.errors import (
    BackendError,
    ContextExceeded,
    Malformed,
    ModelMissing,
    Overloaded,
    Refused,
    StillLoading,
    TimedOut,
    Unreachable,
)
from chatapp.backends.facts import Effort
from chatapp.backends.openai import OpenAIBackend
from tests.backends.asking import QUESTION, answering, ask, listening, reasoning, text
from tests.fakes.model_formats import Script
from tests.fakes.model_server import FakeModelServer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("style", ["vllm", "llamacpp"])
@pytest.mark.parametrize("split", [None, 1, 5])
async def test_an_answer_comes_in_pieces_with_its_usage(
    server: FakeModelServer, style: str, split: int | None
) -> None:
    server.script = Script(pieces=("Grüße, ", "你好", " 👋🏽"), style=style, split=split)
    deltas = await ask(OpenAIBackend(server.url))
    assert deltas == [
        TextDelta("Grüße, "),
        TextDelta("你好"),
        TextDelta(" 👋🏽"),
        Finished("stop", 7, 3),
    ]


async def test_only_known_bounded_fields_are_sent(server: FakeModelServer) -> None:
    request = ChatRequest(
        "fake",
        (Message("user", "half a pair: \ud800"),),
        10**9,
        Sampling(99.0),
        4096,
        top_logprobs=500,
    )
    await ask(OpenAIBackend(server.url), request)
    assert server.requests[0].body == {
        "model": "fake",
        "messages": [{"role": "user", "content": "half a pair: ?"}],
        "max_tokens": 32_768,
        "temperature": 2.0,
        "stream": True,
        "stream_options": {"include_usage": True},
        "logprobs": True,
        "top_logprobs": 20,
    }


@pytest.mark.parametrize(
    ("effort", "fields"),
    [
        (Effort.OFF, {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}),
        (Effort.ON, {"chat_template_kwargs": {"enable_thinking": True, "thinking": True}}),
        (
            Effort.LOW,
            {"reasoning_effort": "low", "chat_template_kwargs": {"reasoning_effort": "low"}},
        ),
    ],
)
async def test_how_much_to_reason_is_said_as_templates_read_it(
    server: FakeModelServer, effort: Effort, fields: dict[str, object]
) -> None:
    await ask(OpenAIBackend(server.url), replace(QUESTION, effort=effort))
    await ask(OpenAIBackend(server.url))
    asked, unasked = (request.body for request in server.requests)
    assert {name: asked[name] for name in asked.keys() - unasked.keys()} == fields


async def test_reasoning_that_the_template_opened_is_split_off(server: FakeModelServer) -> None:
    server.script = Script(pieces=("Let me ", "see.</thi", "nk>\n\nBlue."))
    deltas = await ask(OpenAIBackend(server.url), replace(QUESTION, opened=True))
    assert (reasoning(deltas), text(deltas)) == ("Let me see.", "Blue.")
    server.script = Script(reasoning=("Hm.",), pieces=("Blue.",))
    deltas = await ask(OpenAIBackend(server.url), replace(QUESTION, opened=True))
    assert (reasoning(deltas), text(deltas)) == ("Hm.", "Blue.")


async def test_images_come_before_the_words_as_data_urls(server: FakeModelServer) -> None:
    images = (Image(b"\x89PNG", "image/png"), Image(b"\xff\xd8", "image/jpeg"))
    messages = (Message("system", "Be brief."), Message("user", "What is it?", images))
    await ask(OpenAIBackend(server.url), ChatRequest("fake", messages))
    assert server.requests[0].body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
                {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9g="}},
                {"type": "text", "text": "What is it?"},
            ],
        },
    ]


async def test_how_tokens_are_chosen_is_sent_where_it_was_asked_for(
    server: FakeModelServer,
) -> None:
    own = Sampling(top_p=0.5, seed=7, stop=("END", "\n\n"))
    wild = Sampling(top_p=-1.0, seed=-9, stop=("x" * 999, "\ud800", *"abc"))
    for sampling in (own, wild):
        await ask(
            OpenAIBackend(server.url),
            ChatRequest("fake", (Message("user", "Hello"),), sampling=sampling),
        )
    sent = [(r.body["top_p"], r.body["seed"], r.body["stop"]) for r in server.requests]
    assert sent == [(0.5, 7, ["END", "\n\n"]), (0.01, 0, ["x" * 200, "?", "a", "b"])]


async def test_the_key_is_sent_and_an_address_may_end_in_v1(server: FakeModelServer) -> None:
    await ask(OpenAIBackend(f"{server.url}/v1/", api_key="secret"))
    assert server.requests[0].path == "/v1/chat/completions"
    assert server.requests[0].headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("style", ["vllm", "llamacpp"])
async def test_reasoning_is_apart_from_the_answer(server: FakeModelServer, style: str) -> None:
    server.script = Script(reasoning=("Let me ", "see."), pieces=("Blue.",), style=style)
    deltas = await ask(OpenAIBackend(server.url))
    assert (reasoning(deltas), text(deltas)) == ("Let me see.", "Blue.")


async def test_reasoning_between_tags_is_split_off(server: FakeModelServer) -> None:
    server.script = Script(pieces=("<thi", "nk>Let me see.</th", "ink>\n\n", "Blue."))
    deltas = await ask(OpenAIBackend(server.url))
    assert (reasoning(deltas), text(deltas)) == ("Let me see.", "Blue.")


async def test_logprobs_come_with_the_text(server: FakeModelServer) -> None:
    server.script = Script(pieces=("safe",), logprobs={"safe": -0.1, "unsafe": -2.4})
    request = ChatRequest("fake", QUESTION.messages, top_logprobs=5)
    deltas = await ask(OpenAIBackend(server.url), request)
    assert deltas[0] == TextDelta("safe", {"safe": -0.1, "unsafe": -2.4})


async def test_the_length_limit_is_told(server: FakeModelServer) -> None:
    server.script = Script(finish="length")
    assert (await ask(OpenAIBackend(server.url)))[-1] == Finished("length", 7, 3)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"message": "no", "type": "exceed_context_size_error"}, ContextExceeded),
        (400, {"message": "no", "code": "context_length_exceeded"}, ContextExceeded),
        (400, {"message": "longer than the model's context length"}, ContextExceeded),
        (400, {"message": "no such field"}, Refused),
        (401, {"message": "bad key"}, Refused),
        (404, {"message": "no such model"}, ModelMissing),
        (408, {"message": "slow"}, TimedOut),
        (413, {"message": "too large"}, ContextExceeded),
        (429, {"message": "slow down"}, Overloaded),
        (500, {"message": "context size of the cache"}, Malformed),
        (502, {"message": "bad gateway"}, Unreachable),
        (503, {"message": "busy"}, Overloaded),
        (503, {"message": "Loading model"}, StillLoading),
        (504, {"message": "gateway timeout"}, TimedOut),
        (302, "moved", Malformed),
        (400, None, Refused),
        (422, [{"loc": ["body"]}], Refused),
    ],
)
async def test_a_refusal_is_one_of_our_errors(
    server: FakeModelServer, status: int, error: object, kind: type[BackendError]
) -> None:
    server.script = Script(status=status, error=error)
    with pytest.raises(BackendError) as caught:
        await ask(OpenAIBackend(server.url))
    assert type(caught.value) is kind


async def test_an_error_inside_the_stream_comes_after_the_text(server: FakeModelServer) -> None:
    server.script = Script(error_after=2, error={"message": "out of memory", "code": 500})
    async with aclosing(OpenAIBackend(server.url).stream(QUESTION)) as stream:
        assert text([await anext(stream), await anext(stream)]) == "Hello there"
        with pytest.raises(Malformed, match="out of memory"):
            await anext(stream)


async def test_a_status_inside_the_stream_is_mapped(server: FakeModelServer) -> None:
    server.script = Script(error_after=0, error={"message": "busy", "code": 503})
    with pytest.raises(Overloaded):
        await ask(OpenAIBackend(server.url))


async def test_a_connection_that_breaks_is_no_end(server: FakeModelServer) -> None:
    server.script = Script(drop_after=1)
    with pytest.raises(Unreachable):
        await ask(OpenAIBackend(server.url))


async def test_a_stream_that_stops_short_is_no_end() -> None:
    chunk = b'data: {"choices": [{"delta": {"content": "Hel"}}]}\n\n'
    async with listening(answering(HEAD + chunk)) as url:
        with pytest.raises(Unreachable, match="broke off"):
            await ask(OpenAIBackend(url))


async def test_an_answer_that_the_server_gave_up_is_no_answer(server: FakeModelServer) -> None:
    server.script = Script(finish="abort")
    with pytest.raises(Malformed, match="abort"):
        await ask(OpenAIBackend(server.url))


@pytest.mark.parametrize(
    "body", [b"data: {nonsense\n\n", b"data: []\n\n", b"data: " + b"x" * (1 << 20), b"<html>"]
)
async def test_nonsense_is_malformed_or_broken(body: bytes) -> None:
    async with listening(answering(HEAD + body)) as url:
        with pytest.raises((Malformed, Unreachable)):
            await ask(OpenAIBackend(url))


@pytest.mark.parametrize(
    "chunk",
    [
        {},
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": 7}, "logprobs": 3}]},
        {"choices": [{"delta": {"content": "", "reasoning": ""}}], "usage": 5},
    ],
)
async def test_chunks_with_holes_say_nothing(chunk: object) -> None:
    events = b"data: " + orjson.dumps(chunk) + b"\n\ndata: [DONE]\n\n"
    async with listening(answering(HEAD + events)) as url:
        assert await ask(OpenAIBackend(url)) == [Finished("stop")]


async def test_a_server_that_is_not_there_is_unreachable(unused_tcp_port: int) -> None:
    with pytest.raises(Unreachable):
        await ask(OpenAIBackend(f"http://127.0.0.1:{unused_tcp_port}"))


async def test_silence_before_the_first_token_ends() -> None:
    async with listening(answering(b"", close=False)) as url:
        with pytest.raises(TimedOut):
            await ask(OpenAIBackend(url, timeout=0.05))


async def test_silence_after_the_headers_ends() -> None:
    async with listening(answering(HEAD, close=False)) as url:
        with pytest.raises(TimedOut):
            await ask(OpenAIBackend(url, timeout=0.05))


async def test_comments_do_not_count_as_an_answer() -> None:
    async def ping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        while not reader.at_eof() and not writer.is_closing():
            writer.write(b": waiting\n\n")
            try:
                await asyncio.wait_for(reader.read(65_536), 0.01)
            except TimeoutError:
                continue

    async with listening(ping) as url:
        with pytest.raises(TimedOut):
            await ask(OpenAIBackend(url, timeout=0.1))


async def test_silence_between_tokens_ends(server: FakeModelServer) -> None:
    server.script = Script(gate_after=1)
    with pytest.raises(TimedOut):
        await ask(OpenAIBackend(server.url, timeout=0.1))
    await asyncio.wait_for(server.requests[0].gone.wait(), 1)


async def test_the_time_that_the_reader_takes_does_not_count(server: FakeModelServer) -> None:
    async with aclosing(OpenAIBackend(server.url, timeout=0.2).stream(QUESTION)) as stream:
        assert await anext(stream) == TextDelta("Hello")
        await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.3)
        assert text([delta async for delta in stream]) == " there."


async def test_closing_the_stream_closes_the_request_at_once(server: FakeModelServer) -> None:
    server.script = Script(gate_after=1)
    stream = OpenAIBackend(server.url).stream(QUESTION)
    assert await anext(stream) == TextDelta("Hello")
    assert not server.requests[0].gone.is_set()
    await stream.aclose()
    await asyncio.wait_for(server.requests[0].gone.wait(), 1)


async def test_cancelling_the_reader_closes_the_request_at_once(server: FakeModelServer) -> None:
    server.script = Script(gate_after=1)
    begun = asyncio.Event()

    async def read() -> None:
        async with aclosing(OpenAIBackend(server.url).stream(QUESTION)) as stream:
            async for _ in stream:
                begun.set()

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(server.requests[0].gone.wait(), 1)


async def test_many_answers_at_once(server: FakeModelServer) -> None:
    backend = OpenAIBackend(server.url)
    answers = await asyncio.gather(*(ask(backend) for _ in range(50)))
    assert {text(answer) for answer in answers} == {"Hello there."}


async def test_what_the_server_serves(server: FakeModelServer) -> None:
    server.models = {"small": 4096, "large": None}
    served = await OpenAIBackend(server.url).served_models()
    assert served == (ServedModel("small", "", 4096), ServedModel("large"))
    assert [each.facts.context_tokens for each in served] == [4096, None]


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"data": 5}', b"<html>", b"x" * (9 << 20)])
async def test_a_list_of_models_without_sense_is_malformed(body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    async with listening(answering(head + body)) as url:
        with pytest.raises(Malformed):
            await OpenAIBackend(url).served_models()


async def test_a_redirect_is_not_followed(server: FakeModelServer) -> None:
    head = f"HTTP/1.1 307 x\r\nLocation: {server.url}/v1/models\r\nContent-Length: 0\r\n\r\n"
    async with listening(answering(head.encode())) as url:
        with pytest.raises(Malformed):
            await OpenAIBackend(url, api_key="secret").served_models()
    assert server.requests == []


async def test_a_server_that_loads_its_model_says_so() -> None:
    body = b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'
    head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    async with listening(answering(head + b"Connection: close\r\n\r\n" + body)) as url:
        with pytest.raises(StillLoading):
            await ask(OpenAIBackend(url))
        assert not await OpenAIBackend(url).is_cold("fake")
