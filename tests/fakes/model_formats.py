"""The byte formats of model servers, and the script that a fake one follows.

vLLM's and llama.cpp's as recorded in tests/backends/wire; Ollama's as its API reference
(docs.ollama.com/api) gives them.
"""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Script:
    """What to answer. ``style`` is "vllm" or "llamacpp", for chat completions.

    ``gate_after``, ``drop_after`` and ``error_after`` count pieces: wait there until the gate is
    opened, drop the connection, or send ``error`` inside the stream. ``status`` other than 200
    refuses with ``error``. ``split`` cuts the stream's bytes into pieces of that size.
    ``seconds`` between pieces is for people and browsers to watch; tests use the gate.
    """

    pieces: tuple[str, ...] = ("Hello", " there", ".")
    reasoning: tuple[str, ...] = ()
    finish: str = "stop"
    style: str = "vllm"
    gate_after: int | None = None
    drop_after: int | None = None
    error_after: int | None = None
    error: Any = field(default_factory=lambda: {"message": "scripted", "type": "x", "code": 500})
    status: int = 200
    split: int | None = None
    seconds: float = 0.0
    logprobs: dict[str, float] | None = None


class OpenAIFormat:
    """Server-sent events as vLLM or llama.cpp writes them."""

    content_type = "text/event-stream"

    def __init__(self, script: Script, body: dict[str, Any]) -> None:
        self._script = script
        self._usage = bool(body.get("stream_options", {}).get("include_usage"))
        self._logprobs = script.logprobs if body.get("logprobs") else None

    @staticmethod
    def refusal(script: Script) -> Any:
        return {"error": script.error}

    def begin(self) -> bytes:
        content = None if self._script.style == "llamacpp" else ""
        return self._event([self._choice({"role": "assistant", "content": content})])

    def reasoning(self, text: str) -> bytes:
        name = "reasoning_content" if self._script.style == "llamacpp" else "reasoning"
        return self._event([self._choice({name: text})])

    def text(self, text: str) -> bytes:
        choice = self._choice({"content": text})
        if self._logprobs:
            listed = [{"token": t, "logprob": p} for t, p in self._logprobs.items()]
            choice["logprobs"] = {"content": [{**listed[0], "top_logprobs": listed}]}
        return self._event([choice])

    def error(self) -> bytes:
        return self._line({"error": self._script.error})

    def end(self) -> bytes:
        finish = self._event([self._choice({}, self._script.finish)])
        count = len(self._script.pieces)
        usage = {"prompt_tokens": 7, "completion_tokens": count, "total_tokens": 7 + count}
        counted = self._event([], {"usage": usage}) if self._usage else b""
        return finish + counted + b"data: [DONE]\n\n"

    def _choice(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}

    def _event(self, choices: list[Any], more: dict[str, Any] | None = None) -> bytes:
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1795530268}
        return self._line({**chunk, "model": "fake", "choices": choices, **(more or {})})

    def _line(self, value: Any) -> bytes:
        return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


class OllamaFormat:
    """A JSON object a line."""

    content_type = "application/x-ndjson"

    def __init__(self, script: Script, body: dict[str, Any]) -> None:
        self._script = script
        self._logprobs = script.logprobs if body.get("logprobs") else None

    @staticmethod
    def refusal(script: Script) -> Any:
        return {"error": script.error}

    def begin(self) -> bytes:
        return b""

    def reasoning(self, text: str) -> bytes:
        return self._line({"message": {"role": "assistant", "content": "", "thinking": text}})

    def text(self, text: str) -> bytes:
        more: dict[str, Any] = {}
        if self._logprobs:
            listed = [{"token": t, "logprob": p} for t, p in self._logprobs.items()]
            more["logprobs"] = [{**listed[0], "top_logprobs": listed}]
        return self._line({"message": {"role": "assistant", "content": text}, **more})

    def error(self) -> bytes:
        return json.dumps({"error": self._script.error}).encode() + b"\n"

    def end(self) -> bytes:
        counts = {"prompt_eval_count": 7, "eval_count": len(self._script.pieces)}
        message = {"role": "assistant", "content": ""}
        return self._line(
            {"message": message, "done": True, "done_reason": self._script.finish, **counts}
        )

    def _line(self, value: dict[str, Any]) -> bytes:
        chunk = {"model": "fake", "created_at": "2026-10-26T17:21:21.196249Z", "done": False}
        return json.dumps({**chunk, **value}, ensure_ascii=False).encode() + b"\n"
