"""A whole conversation for its owner to keep: JSON for programs, Markdown for people.

Both are made piece by piece, some turns at a time, so that no length of a conversation fills the
memory. Each time access is asked anew: of a source that may not be read any more only the title is
told. Words that the guard withheld are in no row, and so in no export.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.http import content_disposition_header

from chatapp import access
from chatapp.accounts.models import User
from chatapp.backends.base import Image
from chatapp.conversations.models import Conversation, Feedback, Source, Turn
from chatapp.conversations.pictures import images
from chatapp.conversations.replay import chunks_of
from chatapp.conversations.tree import tree_of
from chatapp.library.services.names import display_name

FORMAT = "parapet-conversation"
VERSION = 1
TURNS_AT_ONCE = 25
NAME_CHARS = 80
# What some file system or shell gives another meaning.
UNWELCOME = str.maketrans(dict.fromkeys('/\\<>:"|?*%$`;', "-"))


@dataclass(frozen=True, slots=True)
class Outline:
    """Which turns there are: those of the branch that is shown, in order, and all the others."""

    conversation: Conversation
    shown: tuple[UUID, ...]
    others: tuple[UUID, ...]


def outline(conversation: Conversation) -> Outline:
    tree = tree_of(conversation)
    shown = tuple(node.id for node in tree.path(tree.leaf(conversation.branch_id)))
    others = tuple(name for name in tree.nodes if name not in set(shown))
    return Outline(conversation, shown, others)


def turns(user: User, names: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    """The turns of these ids that are ``user``'s, as docs/protocol.md describes them."""
    for some in _batched(names):
        rows = access.own_turns(user).filter(id__in=some)
        found = {row.id: row for row in rows.prefetch_related("sources__chunk__document")}
        shown = access.readable_chunks(user).filter(id__in=chunks_of(found.values()))
        readable = set(shown.values_list("id", flat=True))
        said = {row.turn_id: row for row in access.own_feedback(user).filter(turn__in=some)}
        seen = dict(zip(found, images(list(found.values())), strict=True))
        for name in some:
            if name in found:
                told = _turn(found[name], readable, said.get(name))
                yield {**told, "images": [_image(image) for image in seen[name]]}


def as_json(user: User, told: Outline) -> Iterator[bytes]:
    """One JSON object; docs/export.schema.json is its schema."""
    conversation = told.conversation
    head = {
        "format": FORMAT,
        "version": VERSION,
        "exported": timezone.now(),
        "id": conversation.id,
        "title": conversation.title,
        "created": conversation.created,
        "updated": conversation.updated,
        "pinned": conversation.pinned,
        "shown": told.shown,
    }
    yield orjson.dumps(head)[:-1] + b',"turns":['
    for number, turn in enumerate(turns(user, told.shown + told.others)):
        yield (b",\n" if number else b"\n") + orjson.dumps(turn)
    yield b"\n]}\n"


def disposition(title: str, suffix: str) -> str:
    """The header that names the file: after the conversation, in what every system can store."""
    name = display_name(title.translate(UNWELCOME).strip(". -") or "Conversation")
    dated = f"{name[:NAME_CHARS].strip('. -')} {timezone.localdate():%Y-%m-%d}.{suffix}"
    return content_disposition_header(as_attachment=True, filename=dated) or "attachment"


def _batched(names: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(names), TURNS_AT_ONCE):
        yield names[start : start + TURNS_AT_ONCE]


def _turn(row: Turn, readable: set[int], said: Feedback | None) -> dict[str, Any]:
    cited = {event["number"] for event in row.trace if event["type"] == "cited"}
    return {
        "id": row.id,
        "parent": row.parent_id,
        "continues": row.continues_id,
        "status": row.status,
        "reason": row.reason,
        "started": row.started,
        "ended": row.ended,
        "question": row.question,
        "reasoning": row.reasoning,
        "answer": row.answer,
        "model": {"name": row.model_name, "digest": row.model_digest, "demo": row.demo},
        "prompt_version": row.prompt_version,
        "policy_version": row.policy_version,
        "usage": {
            "prompt_tokens": row.prompt_tokens,
            "answer_tokens": row.answer_tokens,
            "total_ms": row.total_ms,
        },
        "collections": row.collections,
        "sources": [_source(source, readable, cited) for source in row.sources.all()],
        "verdicts": _told(row, "judged"),
        "withheld": _told(row, "withheld"),
        "feedback": said
        and {"helpful": said.helpful, "reasons": said.reasons, "words": said.words},
    }


def _image(image: Image) -> dict[str, str]:
    return {"media_type": image.media_type, "data": b64encode(image.data).decode()}


def _source(source: Source, readable: set[int], cited: set[int]) -> dict[str, Any]:
    chunk = source.chunk if source.chunk_id in readable else None
    return {
        "number": source.number,
        "title": source.title,
        "page": source.page,
        "cited": source.number in cited,
        "readable": chunk is not None,
        "heading": chunk.heading if chunk else "",
        "document": chunk and chunk.document_id,
        "collection": chunk and chunk.document.collection_id,
    }


def _told(row: Turn, kind: str) -> list[dict[str, Any]]:
    """The events of one kind, without the word that says so."""
    events = [event for event in row.trace if event["type"] == kind]
    return [{name: value for name, value in each.items() if name != "type"} for each in events]
