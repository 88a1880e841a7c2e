"""Requests to the inference process: read with a bound, and checked before any work."""

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import Request

from guardrails.verdict import Stage

MOST_TEXTS = 512
MOST_CHARS = 64_000  # of one text
MOST_BYTES = 8 << 20  # of the body
ITEM_KEYS = {"stage", "text"}


class BadRequest(Exception):
    """``status`` is the HTTP status; ``str(error)`` the sentence of the answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


async def body(request: Request) -> dict[str, Any]:
    """The JSON object of the request. Raises BadRequest."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > MOST_BYTES:
            raise BadRequest(f"The body is longer than {MOST_BYTES} bytes.", 413)
    try:
        value = orjson.loads(read)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise BadRequest("The body is no JSON object.")
    return value


def texts(value: Any) -> list[str]:
    """``input`` of an embedding request: a text or a list of texts. Raises BadRequest."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise BadRequest("input must be a text or a list of texts.")
    return bounded(given)


def staged(value: Any) -> list[tuple[Stage, str]]:
    """``input`` of a moderation request: a list of {"stage", "text"}. Raises BadRequest."""
    if not isinstance(value, list):
        raise BadRequest("input must be a list.")
    for item in value:
        if not isinstance(item, dict) or item.keys() != ITEM_KEYS:
            raise BadRequest("Each input must be an object with stage and text.")
        if not isinstance(item["text"], str):
            raise BadRequest("text must be a text.")
    bounded([item["text"] for item in value])
    return [(stage(item["stage"]), item["text"]) for item in value]


def stage(value: Any) -> Stage:
    try:
        return Stage(value)
    except ValueError:
        raise BadRequest(f"stage must be one of {', '.join(Stage)}.") from None


def bounded(given: Sequence[str]) -> list[str]:
    """``given``, if it is neither empty nor too much."""
    if not 0 < len(given) <= MOST_TEXTS:
        raise BadRequest(f"input must hold 1 to {MOST_TEXTS} texts, not {len(given)}.")
    if max(map(len, given)) > MOST_CHARS:
        raise BadRequest(f"A text is longer than {MOST_CHARS} characters.")
    return list(given)
