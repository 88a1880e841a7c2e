"""True bytes of vLLM and llama.cpp, cut at every size, are understood."""

import orjson
import pytest

from chatapp.backends.base import Delta, Finished, ReasoningDelta, TextDelta
from chatapp.backends.errors import BackendError, CannotSee, ContextExceeded, ModelMissing, Refused
from chatapp.backends.failures import failure
from chatapp.backends.framing import ServerSentEvents
from chatapp.backends.openai import Answer, context_of
from tests.backends.recordings import recorded

SIZES = [1, 2, 3, 7, 64, 1000, 1 << 20]
SERVERS = ["vllm", "llamacpp"]


def read(server: str, name: str, size: int = 1 << 20) -> list[Delta]:
    status, body = recorded(server, name)
    assert status == 200
    answer, events = Answer(), ServerSentEvents()
    deltas: list[Delta] = []
    for start in range(0, len(body), size):
        for event in events.feed(body[start : start + size]):
            deltas += answer.read(event)
    for event in events.finish():
        deltas += answer.read(event)
    assert answer.is_over
    return [*deltas, *answer.finish()]


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("size", SIZES)
def test_an_answer_with_its_usage(server: str, size: int) -> None:
    deltas = read(server, "stream", size)
    assert text(deltas).startswith("Hello! I'm here to help with any")
    assert deltas[-1] == Finished("length", 23, 12)
    assert sum(isinstance(delta, TextDelta) for delta in deltas) > 8


@pytest.mark.parametrize("server", SERVERS)
def test_an_answer_that_reached_its_limit(server: str) -> None:
    assert read(server, "length")[-1] == Finished("length")


@pytest.mark.parametrize("server", SERVERS)
def test_an_answer_that_ended(server: str) -> None:
    assert read(server, "stop_string")[-1] == Finished("stop")


@pytest.mark.parametrize("server", SERVERS)
def test_the_first_tokens_candidates(server: str) -> None:
    first = next(d for d in read(server, "stream_logprobs") if isinstance(d, TextDelta))
    assert first.text == "safe"
    assert first.logprobs is not None
    assert list(first.logprobs)[:3] == ["safe", "You", "un"]
    assert -2.7 < first.logprobs["safe"] < -2.6


def test_reasoning_that_the_server_split_off() -> None:
    deltas = read("vllm", "reasoning_stream", 7)
    reasoning = "".join(d.text for d in deltas if isinstance(d, ReasoningDelta))
    assert reasoning.startswith("I'm ready to help.")
    assert text(deltas) == ""
    assert deltas[-1] == Finished("stop")


@pytest.mark.parametrize(
    ("server", "name", "kind"),
    [
        ("vllm", "error_context", ContextExceeded),
        ("llamacpp", "error_context", ContextExceeded),
        ("vllm", "error_model", ModelMissing),
        ("vllm", "error_json", Refused),
        ("llamacpp", "error_json", Refused),
        ("vllm", "error_maxtokens", Refused),
        ("vllm", "error_empty", Refused),
        ("vllm", "error_image", CannotSee),
        ("llamacpp", "error_image", CannotSee),
    ],
)
def test_a_refusal_is_told_by_status_and_type(
    server: str, name: str, kind: type[BackendError]
) -> None:
    status, body = recorded(server, name)
    assert type(failure(status, orjson.loads(body))) is kind


@pytest.mark.parametrize(("server", "context"), [("vllm", 4096), ("llamacpp", 2048)])
def test_the_context_that_one_request_has(server: str, context: int) -> None:
    (model,) = orjson.loads(recorded(server, "models")[1])["data"]
    assert context_of(model) == context
