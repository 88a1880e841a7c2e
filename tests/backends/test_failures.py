"""Every way of each server to refuse is one error of the tree, with a sentence for the person.

vLLM's and llama.cpp's words are recorded (wire/); Ollama's are of its server/routes.go and
docs.ollama.com/api/errors, SGLang's of its srt/entrypoints/openai/serving_base.py.
"""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from chatapp.backends import errors
from chatapp.backends.base import Backend, TextDelta
from chatapp.backends.errors import (
    BackendError,
    CannotSee,
    ContextExceeded,
    Malformed,
    ModelMissing,
    Overloaded,
    Refused,
    StillLoading,
    TimedOut,
    TooLarge,
    Unreachable,
)
from chatapp.backends.failures import failure, failure_in_stream
from chatapp.backends.ollama import OllamaBackend
from chatapp.backends.openai import OpenAIBackend
from tests.backends.asking import QUESTION, ask, listening
from tests.fakes.model_server import FakeModelServer

SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
NDJSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
CHUNK = b'data: {"choices": [{"delta": {"content": "' + b"x" * 8192 + b'"}}]}\n\n'
LINE = b'{"message": {"content": "' + b"x" * 8192 + b'"}, "done": false}\n'


def sglang(message: str, code: int, kind: str = "BadRequestError") -> dict[str, Any]:
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code}


def openai(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        # Ollama: {"error": "…"}
        (404, {"error": "model 'x' not found"}, ModelMissing),
        (400, {"error": "the input length exceeds the context length"}, ContextExceeded),
        (400, {"error": '"x" does not support thinking'}, Refused),
        (400, {"error": '"x" does not support images'}, CannotSee),
        (500, {"error": "model requires more system memory (9 GiB) than is available"}, TooLarge),
        (503, {"error": "server busy, please try again"}, Overloaded),
        (401, {"error": "unauthorized"}, Refused),
        # SGLang: the error is the whole body
        (400, sglang("The input is longer than the model's context length.", 400), ContextExceeded),
        (404, sglang("The model `x` does not exist.", 404, "NotFoundError"), ModelMissing),
        (400, sglang("Invalid temperature", 400), Refused),
        (503, sglang("The request queue is full.", 503, "SERVICE_UNAVAILABLE"), Overloaded),
        # vLLM, llama.cpp and others in OpenAI's form
        (400, openai("too long", code="context_length_exceeded"), ContextExceeded),
        (400, openai("please reduce it", param="input_tokens"), ContextExceeded),
        (400, openai("the request exceeds it", type="exceed_context_size_error"), ContextExceeded),
        (503, openai("Loading model", type="unavailable_error", code=503), StillLoading),
        (401, openai("Incorrect API key provided", code="invalid_api_key"), Refused),
        (429, openai("Rate limit reached", code="rate_limit_exceeded"), Overloaded),
        (500, openai("EngineCore encountered an issue"), Malformed),
        # what stands before a server
        (502, "<html>Bad Gateway</html>", Unreachable),
        (503, "upstream connect error", Overloaded),
        (504, "", TimedOut),
        (408, None, TimedOut),
        (413, "Request Entity Too Large", ContextExceeded),
        (307, "", Malformed),
        (418, ["teapot"], Refused),
        (599, 5, Malformed),
        (400, {"error": {"message": None, "type": 5, "code": [], "param": {}}}, Refused),
    ],
)  # fmt: skip
def test_a_refusal_is_known(status: int, body: Any, kind: type[BackendError]) -> None:
    raised = failure(status, body)
    assert type(raised) is kind
    assert str(raised).startswith(str(status))
    assert len(str(raised)) < 600


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("an error was encountered while running the model", Malformed),
        ({"message": "the context size is exceeded", "code": 400}, ContextExceeded),
        ({"message": "too many requests", "code": 429}, Overloaded),
        ({"message": "x", "code": "500"}, Malformed),
        ({"message": "x", "code": 200}, Malformed),
        (7, Malformed),
    ],
)
def test_an_error_inside_a_stream_is_known(error: Any, kind: type[BackendError]) -> None:
    assert type(failure_in_stream(error)) is kind


def test_each_error_has_a_sentence_of_its_own_and_stands_in_the_tree() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, BackendError)]  # fmt: skip  # noqa: E501  one thought
    sentences = {kind.sentence for kind in kinds}
    assert len(sentences) == len(kinds) >= 12
    assert all(sentence.endswith(".") and len(sentence) < 120 for sentence in sentences)
    assert errors.__doc__ is not None
    assert all(kind.__name__ in errors.__doc__ for kind in kinds)


@pytest.mark.parametrize("kind", [OpenAIBackend, OllamaBackend])
async def test_tls_that_is_none_is_unreachable(kind: type[Any], server: FakeModelServer) -> None:
    backend: Backend = kind(server.url.replace("http://", "https://"))
    with pytest.raises(Unreachable):
        await ask(backend)
    with pytest.raises(Unreachable):
        await backend.served_models()


@pytest.mark.parametrize(
    ("kind", "head", "piece"), [(OpenAIBackend, SSE, CHUNK), (OllamaBackend, NDJSON, LINE)]
)
async def test_a_server_that_is_faster_than_its_reader_is_held_back(
    kind: type[Any], head: bytes, piece: bytes
) -> None:
    held, sent = asyncio.Event(), 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while not held.is_set():
            writer.write(piece)
            sent += len(piece)
            try:
                await asyncio.wait_for(writer.drain(), 0.3)
            except TimeoutError:
                held.set()
        writer.transport.abort()

    async with (
        listening(flood) as url,
        asyncio.timeout(20),
        aclosing(kind(url).stream(QUESTION)) as stream,
    ):
        assert isinstance(await anext(stream), TextDelta)
        await held.wait()
    assert sent < 32 << 20
