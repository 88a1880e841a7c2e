"""The frames of the library's socket, read from the rows; docs/protocol.md describes each."""

import uuid
from collections.abc import Collection as Several
from datetime import timedelta
from typing import Any

from django.utils import timezone

from chatapp.library.models import Document
from chatapp.library.progress import counts
from chatapp.library.standing import count_words, standing_of

SNAPSHOT_MAX = 1000


def snapshot(collection_id: uuid.UUID) -> dict[str, Any]:
    """The documents that changed last, and whether these are all that there are."""
    documents = Document.objects.filter(collection=collection_id)
    newest = list(documents.order_by("-updated")[: SNAPSHOT_MAX + 1])
    return {
        "type": "snapshot",
        "complete": len(newest) <= SNAPSHOT_MAX,
        "documents": [document_frame(each) for each in newest[:SNAPSHOT_MAX]],
        "counts": counts_frame(collection_id),
    }


def changes(collection_id: uuid.UUID, changed: Several[uuid.UUID]) -> list[dict[str, Any]]:
    """A frame for each of ``changed``, and the counts after them."""
    documents = Document.objects.filter(collection=collection_id, pk__in=changed)
    found = documents.in_bulk()
    frames = [
        document_frame(found[pk]) if pk in found else {"type": "removed", "id": str(pk)}
        for pk in changed
    ]
    return [*frames, counts_frame(collection_id)] if frames else []


def changed_within(collection_id: uuid.UUID, seconds: float) -> set[uuid.UUID]:
    since = timezone.now() - timedelta(seconds=seconds)
    rows = Document.objects.filter(collection=collection_id, updated__gte=since)
    return set(rows.values_list("pk", flat=True))


def counts_frame(collection_id: uuid.UUID) -> dict[str, Any]:
    now = counts([collection_id])[collection_id]
    return {
        "type": "counts",
        "total": now.total,
        "done": now.done,
        "ready": now.ready,
        "failed": now.failed,
        "working": now.working,
        "words": count_words(now),
    }


def document_frame(document: Document) -> dict[str, Any]:
    standing = standing_of(document)
    return {
        "type": "document",
        "id": str(document.pk),
        "name": document.name,
        "state": document.state,
        "segments": list(standing.segments),
        "words": standing.words,
        "detail": standing.detail,
        "due": standing.due.isoformat() if standing.due else None,
        "pages": document.pages,
        "passages": document.passages,
        "passages_done": document.passages_done,
        "held_back": document.held_back,
        "size": document.size,
        "created": document.created.isoformat(),
    }
