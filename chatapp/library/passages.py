"""The texts behind vectors, for retrieval."""

import uuid
from collections.abc import Mapping, Sequence

from django.db.models import Q

from chatapp.library.models import Chunk, State
from rag.passage import Passage


def load_passages(vector_ids: Sequence[str]) -> Mapping[str, Passage]:
    """The passages of ``vector_ids`` that may be used: their document is ready and the guard
    did not hold them back. Ids that name none are left out; ``collection`` is the collection's
    id and ``score`` is 0.
    """
    wanted = Q()
    for document, ordinals in by_document(vector_ids).items():
        wanted |= Q(document=document, ordinal__in=ordinals)
    if not wanted:
        return {}
    chunks = Chunk.objects.filter(wanted, quarantined=False, document__state=State.READY)
    return {chunk.vector_id: passage(chunk) for chunk in chunks.select_related("document")}


def by_document(vector_ids: Sequence[str]) -> dict[uuid.UUID, list[int]]:
    found: dict[uuid.UUID, list[int]] = {}
    for vector_id in vector_ids:
        document, _, ordinal = vector_id.partition(":")
        try:
            found.setdefault(uuid.UUID(document), []).append(int(ordinal))
        except ValueError:
            continue  # no id of ours
    return found


def passage(chunk: Chunk) -> Passage:
    return Passage(
        vector_id=chunk.vector_id,
        collection=str(chunk.document.collection_id),
        title=chunk.document.name,
        heading=chunk.heading,
        page=chunk.page,
        text=chunk.text,
        score=0.0,
    )
