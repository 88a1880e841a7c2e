"""What the benchmarks' model says: plain office sentences, as tokens and as true bytes.

Chat completions as vLLM 0.32 streams them (recorded in tests/backends/wire/vllm), and Ollama's
chat as its API reference (docs.ollama.com/api) gives it.
"""

import json
import random
from dataclasses import dataclass
from functools import cache
from itertools import chain, cycle, islice
from typing import Any

MODEL = "bench-8b"
CREATED = 1795530268
# Harmless, with no digits and no names, so that no rule and no judge finds anything.
SENTENCES = (
    "Each new colleague gets a laptop and a badge on the first morning.",
    "Please tell your team lead early when you would like to take leave.",
    "The canteen opens at noon and serves a warm dish every day.",
    "Travel is booked with the form on the page of the office team.",
    "Receipts belong in the folder for the month in which you paid them.",
    "Meeting rooms are free for all, and the calendar shows who has them.",
    "The printer on the second floor takes paper of both sizes.",
    "Visitors sign the book at the front desk and wear a badge.",
    "A training plan is made together at the start of the year.",
    "Bicycles are kept in the yard behind the main building.",
    "Lost things are brought to the front desk and kept for a month.",
    "The garden behind the canteen is open to everyone at lunch.",
)


@cache
def words(tokens: int, seed: int) -> tuple[str, ...]:
    """An answer of ``tokens`` tokens, a word each with the space before it."""
    order = list(SENTENCES)
    random.Random(seed).shuffle(order)  # noqa: S311  not a secret
    said = cycle(chain.from_iterable(sentence.split() for sentence in order))
    return tuple(f" {word}" if number else word for number, word in enumerate(islice(said, tokens)))


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer as HTTP chunks: one for each token, the first with what comes before it, and
    the end."""

    content_type: str
    tokens: tuple[bytes, ...]
    end: bytes


@cache
def openai(tokens: int, seed: int) -> Spoken:
    """Server-sent events, as for a request with ``stream_options.include_usage``."""
    said = words(tokens, seed)
    role = _event([_choice({"role": "assistant", "content": ""})])
    events = [_event([_choice({"content": word})]) for word in said]
    usage = {"prompt_tokens": 40, "total_tokens": 40 + len(said), "completion_tokens": len(said)}
    events[0] = role + events[0]
    end = _event([_choice({}, "stop")]) + _event([], usage=usage) + b"data: [DONE]\n\n"
    return Spoken("text/event-stream; charset=utf-8", tuple(map(chunk, events)), chunk(end))


@cache
def ollama(tokens: int, seed: int) -> Spoken:
    """A JSON object a line."""
    said = words(tokens, seed)
    counts = {
        "total_duration": 4_050_000_000,
        "load_duration": 20_000_000,
        "prompt_eval_count": 40,
        "prompt_eval_duration": 30_000_000,
        "eval_count": len(said),
        "eval_duration": 4_000_000_000,
    }
    lines = [chunk(_line(word, done=False)) for word in said]
    end = _line("", done=True, done_reason="stop", **counts)
    return Spoken("application/x-ndjson", tuple(lines), chunk(end))


def chunk(data: bytes) -> bytes:
    """One chunk of HTTP/1.1's chunked coding (RFC 9112, 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _choice(delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _event(choices: list[Any], **more: Any) -> bytes:
    about = {"id": "chatcmpl-bc4410751d081fa1", "object": "chat.completion.chunk"}
    value = {**about, "created": CREATED, "model": MODEL, "choices": choices, **more}
    return b"data: " + _json(value) + b"\n\n"


def _line(text: str, *, done: bool, **more: Any) -> bytes:
    message = {"role": "assistant", "content": text}
    about = {"model": MODEL, "created_at": "2026-11-24T14:24:27.196249Z"}
    return _json({**about, "message": message, "done": done, **more}) + b"\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
