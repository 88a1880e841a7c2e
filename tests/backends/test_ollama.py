"""The Ollama adapter against a server that answers in Ollama's format."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace

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
    CannotSee,
    ContextExceeded,
    Malformed,
    ModelMissing,
    Overloaded,
    TimedOut,
    Unreachable,
)
from chatapp.backends.facts import Effort
from chatapp.backends.ollama import OllamaBackend
from tests.backends.asking import QUESTION, answering, ask, listening, reasoning, text
from tests.fakes.model_formats import Script
from tests.fakes.model_server import FakeModelServer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
DIGEST = "a2af6cc3eb7fa8be8504abaf9b04e88f17a119ec3f04a3addf55f92841195f5a"


@pytest.mark.parametrize("split", [None, 1, 5])
async def test_an_answer_comes_in_pieces_with_its_counts(
    server: FakeModelServer, split: int | None
) -> None:
    server.script = Script(pieces=("Grüße, ", "你好", " 👋🏽"), split=split)
    deltas = await ask(OllamaBackend(server.url))
    assert deltas == [
        TextDelta("Grüße, "),
        TextDelta("你好"),
        TextDelta(" 👋🏽"),
        Finished("stop", 7, 3),
    ]


async def test_the_context_is_always_set_and_nothing_is_cut_in_silence(
    server: FakeModelServer,
) -> None:
    request = ChatRequest("fake", (Message("user", "Hello? \ud800"),), 64, Sampling(0.5), 8192, 3)
    await ask(OllamaBackend(server.url), request)
    assert server.requests[0].body == {
        "model": "fake",
        "messages": [{"role": "user", "content": "Hello? ?"}],
        "stream": True,
        "keep_alive": "30m",
        "truncate": False,
        "shift": False,
        "options": {"num_ctx": 8192, "num_predict": 64, "temperature": 0.5},
        "logprobs": True,
        "top_logprobs": 3,
    }
    await ask(OllamaBackend(server.url), QUESTION)
    assert server.requests[1].body["options"]["num_ctx"] == 4096
    assert "logprobs" not in server.requests[1].body


@pytest.mark.parametrize(
    ("effort", "think"), [(Effort.OFF, False), (Effort.ON, True), (Effort.HIGH, "high")]
)
async def test_how_much_to_think_is_said_where_it_was_asked_for(
    server: FakeModelServer, effort: Effort, think: object
) -> None:
    await ask(OllamaBackend(server.url), replace(QUESTION, effort=effort))
    await ask(OllamaBackend(server.url))
    assert server.requests[0].body["think"] == think
    assert "think" not in server.requests[1].body


async def test_images_stand_beside_the_words_in_base64(server: FakeModelServer) -> None:
    message = Message("user", "What is it?", (Image(b"\x89PNG", "image/png"),))
    await ask(OllamaBackend(server.url), ChatRequest("fake", (message,)))
    assert server.requests[0].body["messages"] == [
        {"role": "user", "content": "What is it?", "images": ["iVBORw=="]}
    ]


async def test_a_model_that_does_not_see_says_so(server: FakeModelServer) -> None:
    error = "Failed to create new sequence: this model is missing data required for image input"
    server.script = Script(status=500, error=error)
    with pytest.raises(CannotSee):
        await ask(OllamaBackend(server.url))


async def test_how_tokens_are_chosen_is_an_option(server: FakeModelServer) -> None:
    sampling = Sampling(top_p=0.5, seed=7, stop=("END",))
    request = ChatRequest("fake", (Message("user", "Hello"),), sampling=sampling)
    await ask(OllamaBackend(server.url), request)
    options = server.requests[0].body["options"]
    assert (options["top_p"], options["seed"], options["stop"]) == (0.5, 7, ["END"])


async def test_thinking_is_apart_from_the_answer(server: FakeModelServer) -> None:
    server.script = Script(reasoning=("Let me ", "see."), pieces=("Blue.",))
    deltas = await ask(OllamaBackend(server.url))
    assert (reasoning(deltas), text(deltas)) == ("Let me see.", "Blue.")


async def test_thinking_between_tags_is_split_off(server: FakeModelServer) -> None:
    server.script = Script(pieces=("<thi", "nk>Let me see.</think>", "Blue."))
    deltas = await ask(OllamaBackend(server.url))
    assert (reasoning(deltas), text(deltas)) == ("Let me see.", "Blue.")


async def test_the_length_limit_is_told(server: FakeModelServer) -> None:
    server.script = Script(finish="length")
    assert (await ask(OllamaBackend(server.url)))[-1] == Finished("length", 7, 3)


async def test_logprobs_come_with_the_text(server: FakeModelServer) -> None:
    server.script = Script(pieces=("safe",), logprobs={"safe": -0.1, "unsafe": -2.4})
    request = ChatRequest("fake", QUESTION.messages, top_logprobs=5)
    deltas = await ask(OllamaBackend(server.url), request)
    assert deltas[0] == TextDelta("safe", {"safe": -0.1, "unsafe": -2.4})


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (404, "model 'fake' not found", ModelMissing),
        (400, "the input length exceeds the context length", ContextExceeded),
        (503, "server busy, please try again. maximum pending requests exceeded", Overloaded),
        (500, "model runner has unexpectedly stopped", Malformed),
        (502, "upstream", Unreachable),
    ],
)
async def test_a_refusal_is_one_of_our_errors(
    server: FakeModelServer, status: int, error: str, kind: type[BackendError]
) -> None:
    server.script = Script(status=status, error=error)
    with pytest.raises(BackendError, match=error) as caught:
        await ask(OllamaBackend(server.url))
    assert type(caught.value) is kind


async def test_an_error_inside_the_stream_comes_after_the_text(server: FakeModelServer) -> None:
    server.script = Script(error_after=1, error="an error was encountered while running the model")
    async with aclosing(OllamaBackend(server.url).stream(QUESTION)) as stream:
        assert await anext(stream) == TextDelta("Hello")
        with pytest.raises(Malformed, match="while running"):
            await anext(stream)


async def test_a_connection_that_breaks_is_no_end(server: FakeModelServer) -> None:
    server.script = Script(drop_after=1)
    with pytest.raises(Unreachable):
        await ask(OllamaBackend(server.url))


async def test_a_stream_that_stops_short_is_no_end() -> None:
    line = b'{"message": {"role": "assistant", "content": "Hel"}, "done": false}\n'
    async with listening(answering(HEAD + line)) as url:
        with pytest.raises(Unreachable, match="broke off"):
            await ask(OllamaBackend(url))


async def test_nonsense_is_malformed() -> None:
    async with listening(answering(HEAD + b"{nonsense\n")) as url:
        with pytest.raises(Malformed):
            await ask(OllamaBackend(url))


async def test_silence_ends() -> None:
    async with listening(answering(HEAD, close=False)) as url:
        with pytest.raises(TimedOut):
            await ask(OllamaBackend(url, timeout=0.05))


async def test_closing_the_stream_closes_the_request_at_once(server: FakeModelServer) -> None:
    server.script = Script(gate_after=1)
    stream = OllamaBackend(server.url).stream(QUESTION)
    assert await anext(stream) == TextDelta("Hello")
    await stream.aclose()
    await asyncio.wait_for(server.requests[0].gone.wait(), 1)


async def test_what_it_serves_without_models_that_only_embed(server: FakeModelServer) -> None:
    server.models = {"gemma3:4b": 131_072, "nomic-embed-text:latest": None}
    served = await OllamaBackend(server.url).served_models()
    assert served == (ServedModel("gemma3:4b", DIGEST, 131_072),)


async def test_a_server_that_is_not_there_is_unreachable(unused_tcp_port: int) -> None:
    backend = OllamaBackend(f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(Unreachable):
        await backend.served_models()
    with pytest.raises(Unreachable):
        await ask(backend)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"HTTP/1.1 503 x\r\nConnection: close\r\n\r\n" + b'{"error": "busy"}', Overloaded),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>", Malformed),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b'{"models": 7}', Malformed),
    ],
)
async def test_a_list_of_models_that_fails(head: bytes, kind: type[BackendError]) -> None:
    async with listening(answering(head)) as url:
        with pytest.raises(kind):
            await OllamaBackend(url).served_models()


async def test_a_list_of_models_that_does_not_come_ends() -> None:
    async with listening(answering(b"", close=False)) as url:
        with pytest.raises(TimedOut):
            await OllamaBackend(url, timeout=0.05).served_models()


async def test_what_is_in_memory_is_not_cold(server: FakeModelServer) -> None:
    backend = OllamaBackend(server.url)
    server.loaded = {"fake", "gemma3:latest"}
    assert not await backend.is_cold("fake")
    assert not await backend.is_cold("gemma3")
    assert await backend.is_cold("qwen3:8b")


async def test_a_key_is_sent_with_every_request(server: FakeModelServer) -> None:
    backend = OllamaBackend(server.url, "secret")
    await ask(backend)
    assert server.requests[0].headers["Authorization"] == "Bearer secret"


async def test_a_redirect_leads_nowhere(server: FakeModelServer) -> None:
    head = f"HTTP/1.1 307 x\r\nLocation: {server.url}/api/tags\r\nContent-Length: 0\r\n\r\n"
    async with listening(answering(head.encode())) as url:
        with pytest.raises(BackendError):
            await OllamaBackend(url, "secret").served_models()
    assert server.requests == []


PULL: list[dict[str, object]] = [
    {"status": "pulling manifest"},
    {"status": "pulling 8934d96d3f08", "digest": "sha256:8934", "total": 4000},
    {"status": "pulling 8934d96d3f08", "digest": "sha256:8934", "total": 4000, "completed": 1000},
    {"status": "pulling 8c17c2ebb0ea", "digest": "sha256:8c17", "total": 100, "completed": 100},
    {"status": "pulling 8934d96d3f08", "digest": "sha256:8934", "total": 4000, "completed": 4000},
    {"status": "verifying sha256 digest"},
    {"status": "writing manifest"},
    {"status": "success"},
]


def lines(*said: dict[str, object]) -> bytes:
    return HEAD + b"".join(json.dumps(each).encode() + b"\n" for each in said)


async def test_a_pull_tells_how_far_all_its_parts_are() -> None:
    async with listening(answering(lines(*PULL))) as url:
        told = [step async for step in OllamaBackend(url).pull("llama3.2")]
    assert [(step.completed, step.total) for step in told] == [
        (0, 0),
        (0, 4000),
        (1000, 4000),
        (1100, 4100),
        *[(4100, 4100)] * 4,
    ]
    assert told[-1].status == "success"


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ([{"error": "pull model manifest: file does not exist"}], Malformed, "does not exist"),
        (
            [*PULL[:3], {"error": "write: no space left on device"}],
            Malformed,
            "left",
        ),
        (PULL[:3], Unreachable, "broke off"),
        ([{"status": 5}], Malformed, "valid string"),
    ],
)
async def test_a_pull_that_fails_says_why(
    said: list[dict[str, object]], kind: type[BackendError], words: str
) -> None:
    async with listening(answering(lines(*said))) as url:
        with pytest.raises(kind, match=words):
            async for _ in OllamaBackend(url).pull("llama3.2"):
                pass


async def test_absurd_sizes_and_words_of_a_pull_are_bounded() -> None:
    hostile: list[dict[str, object]] = [
        {"status": "x\ud800" * 500, "digest": "a", "total": 10**30, "completed": -5},
        {"status": "success"},
    ]
    async with listening(answering(lines(*hostile))) as url:
        first, _ = [step async for step in OllamaBackend(url).pull("m")]
    assert (first.completed, first.total, len(first.status)) == (0, 2**62, 200)
    first.status.encode()


async def test_giving_up_a_pull_closes_the_request() -> None:
    gone = asyncio.Event()

    async def pull(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(lines(*PULL[:2]))
        while await reader.read(65_536):
            pass
        gone.set()

    async with listening(pull) as url:
        stream = OllamaBackend(url).pull("llama3.2")
        await anext(stream)
        await stream.aclose()
        await asyncio.wait_for(gone.wait(), 1)
