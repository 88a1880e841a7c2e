"""What a client may send on the chat socket, as values; docs/protocol.md describes it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

import orjson

from chatapp.backends.facts import Effort

LONGEST_LIST = 1000
MOST_IMAGES = 4
LARGEST_NUMBER = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact, and more than a turn has events."""


class Malformed(Exception):
    """The frame does not follow the protocol; ``str(error)`` says where."""


class Latest(Enum):
    """Stands for where a conversation is at the moment; None is its beginning."""

    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Send:
    """``model`` of None is the first that the person may use, ``effort`` of None what it does
    unasked; ``parent`` is the turn that the question follows. ``temporary`` is of a new
    conversation."""

    client_id: UUID
    conversation: UUID | None
    text: str
    collections: tuple[UUID, ...] | None
    model: UUID | None = None
    parent: UUID | Latest | None = Latest.LATEST
    temporary: bool = False
    images: tuple[UUID, ...] = ()
    effort: Effort | None = None


@dataclass(frozen=True, slots=True)
class Regenerate:
    """``model`` and ``effort`` as in Send."""

    client_id: UUID
    turn: UUID
    model: UUID | None = None
    effort: Effort | None = None


@dataclass(frozen=True, slots=True)
class Continue:
    """``model`` of None is the one that answered so far, or the first where that cannot."""

    client_id: UUID
    turn: UUID
    model: UUID | None = None


@dataclass(frozen=True, slots=True)
class Attach:
    turn: UUID
    after: int


@dataclass(frozen=True, slots=True)
class Stop:
    turn: UUID


@dataclass(frozen=True, slots=True)
class Follow:
    """``conversation`` of None follows none any more."""

    conversation: UUID | None


Frame = Send | Regenerate | Continue | Attach | Stop | Follow


def parse(text: str) -> Frame:
    """The frame that ``text`` is. Raises Malformed."""
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed("The frame is not JSON.") from None
    if not isinstance(fields, dict):
        raise Malformed("The frame is not an object.")
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in READERS:
        raise Malformed("The frame's type is unknown.")
    return READERS[kind](fields)


def identifier(value: Any, name: str) -> UUID:
    if not isinstance(value, str) or len(value) != 36:
        raise Malformed(f"“{name}” is not a UUID.")
    try:
        return UUID(value)
    except ValueError:
        raise Malformed(f"“{name}” is not a UUID.") from None


def _send(fields: dict[str, Any]) -> Send:
    text, chosen = fields.get("text"), fields.get("collections")
    if not isinstance(text, str):
        raise Malformed("“text” is not a string.")
    return Send(
        client_id=identifier(fields.get("client_id"), "client_id"),
        conversation=_optional(fields, "conversation"),
        text=text.replace("\0", "").strip(),
        collections=None if chosen is None else _identifiers(chosen, "collections", LONGEST_LIST),
        model=_optional(fields, "model"),
        parent=_optional(fields, "parent") if "parent" in fields else Latest.LATEST,
        temporary=_flag(fields, "temporary"),
        images=_identifiers(fields.get("images") or [], "images", MOST_IMAGES),
        effort=_effort(fields.get("effort")),
    )


def _flag(fields: dict[str, Any], name: str) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise Malformed(f"“{name}” is neither true nor false.")
    return bool(value)


def _optional(fields: dict[str, Any], name: str) -> UUID | None:
    value = fields.get(name)
    return None if value is None else identifier(value, name)


def _effort(value: Any) -> Effort | None:
    if value is None:
        return None
    if value not in tuple(Effort):
        raise Malformed("“effort” is not one that there is.")
    return Effort(value)


def _identifiers(value: Any, name: str, most: int) -> tuple[UUID, ...]:
    if not isinstance(value, list) or len(value) > most:
        raise Malformed(f"“{name}” is not a list of at most {most} UUIDs.")
    return tuple(dict.fromkeys(identifier(item, name) for item in value))


def _regenerate(fields: dict[str, Any]) -> Regenerate:
    return Regenerate(
        client_id=identifier(fields.get("client_id"), "client_id"),
        turn=identifier(fields.get("turn"), "turn"),
        model=_optional(fields, "model"),
        effort=_effort(fields.get("effort")),
    )


def _continue(fields: dict[str, Any]) -> Continue:
    again = _regenerate(fields)
    return Continue(again.client_id, again.turn, again.model)


def _attach(fields: dict[str, Any]) -> Attach:
    after = fields.get("after")
    if type(after) is not int or not 0 <= after <= LARGEST_NUMBER:
        raise Malformed("“after” is not a whole number from 0.")
    return Attach(identifier(fields.get("turn"), "turn"), after)


def _stop(fields: dict[str, Any]) -> Stop:
    return Stop(identifier(fields.get("turn"), "turn"))


def _follow(fields: dict[str, Any]) -> Follow:
    return Follow(_optional(fields, "conversation"))


READERS: dict[str, Callable[[dict[str, Any]], Frame]] = {
    "send": _send,
    "regenerate": _regenerate,
    "continue": _continue,
    "attach": _attach,
    "stop": _stop,
    "follow": _follow,
}
