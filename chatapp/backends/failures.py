"""What a model server's refusal means: by status and type, since no two word it alike.

Recorded from vLLM 0.32 and llama.cpp (tests/backends/wire); Ollama answers ``{"error": "…"}``.
"""

import re
from typing import Any

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

BY_STATUS: dict[int, type[BackendError]] = {
    404: ModelMissing,
    408: TimedOut,
    413: ContextExceeded,
    429: Overloaded,
    502: Unreachable,
    503: Overloaded,
    504: TimedOut,
}
# llama.cpp's type, OpenAI's code, and the parameter that vLLM names.
TOO_LONG = {"exceed_context_size_error", "context_length_exceeded", "input_tokens"}
# llama.cpp's server answers so, with 503, until its model is in memory.
LOADING_WORDS = re.compile(r"loading model|model is loading", re.I)
# Servers that name none of these (SGLang, vLLM before 0.11) still say it.
TOO_LONG_WORDS = re.compile(r"context (length|size|window)", re.I)
# Ollama's, with 500, of a model that it cannot load.
NO_MEMORY_WORDS = re.compile(r"requires more system memory", re.I)
# llama.cpp answers 500, vLLM 400, Ollama 400 or 500, none with a code of its own.
NO_IMAGES_WORDS = re.compile(
    r"not a multimodal model|image input is not supported|support (vision|image)"
    r"|data required for image",
    re.I,
)


def failure(status: int, body: Any) -> BackendError:
    """The error for an answer with ``status`` and ``body``, parsed JSON or text."""
    error = body.get("error", body) if isinstance(body, dict) else body
    message = str(error.get("message", error) if isinstance(error, dict) else error)[:500]
    kind = BY_STATUS.get(status)
    if 400 <= status < 500 and is_too_long(error, message):
        kind = ContextExceeded
    if status in (400, 500) and NO_IMAGES_WORDS.search(message):
        kind = CannotSee
    if status == 500 and NO_MEMORY_WORDS.search(message):
        kind = TooLarge
    if kind is Overloaded and LOADING_WORDS.search(message):
        kind = StillLoading
    if kind is None:
        kind = Refused if 400 <= status < 500 else Malformed
    return kind(f"{status}: {message}")


def failure_in_stream(error: Any) -> BackendError:
    """The error for an error object that came after the stream had begun."""
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and code >= 400 else 500
    return failure(status, {"error": error})


def is_too_long(error: Any, message: str) -> bool:
    """Whether the server says that the request does not fit the model's context."""
    if isinstance(error, dict):
        named = (error.get("type"), error.get("code"), error.get("param"))
        if any(isinstance(name, str) and name in TOO_LONG for name in named):
            return True
    return bool(TOO_LONG_WORDS.search(message))
