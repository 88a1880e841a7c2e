"""What a test says to the API, and what it reads of the answer."""

from typing import Any

import httpx
import orjson

MODEL = "Default"


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def system(text: str) -> dict[str, Any]:
    return {"role": "system", "content": text}


def asking(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A body; a plain question where no message is given."""
    return {"model": MODEL, "messages": list(messages) or [user("How much leave?")], **more}


def chunks(answer: httpx.Response) -> list[dict[str, Any]]:
    """The objects of a stream that has ended as it should."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [part for part in answer.text.split("\n\n") if part.startswith("data: ")]
    assert events[-1] == "data: [DONE]"
    return [orjson.loads(event.removeprefix("data: ")) for event in events[:-1]]


def said(pieces: list[dict[str, Any]], field: str = "content") -> str:
    """What a stream's deltas say in ``field``."""
    deltas = [choice["delta"] for piece in pieces for choice in piece["choices"]]
    return "".join(delta.get(field) or "" for delta in deltas)
