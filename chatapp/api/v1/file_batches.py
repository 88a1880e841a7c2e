"""Several files put into a collection at once: ``/v1/vector_stores/{id}/file_batches``.

Source: https://platform.openai.com/docs/api-reference/vector-stores-file-batches.
"""

from typing import Annotated, Literal
from uuid import UUID

from django.db import transaction
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from chatapp.accounts.models import User
from chatapp.api import shelves
from chatapp.api.v1.calling import Librarian, Number, Reader
from chatapp.api.v1.kinds import NoPairs, Strict
from chatapp.api.v1.paging import ListObject, Paged, page_of
from chatapp.api.v1.store_changes import attached
from chatapp.api.v1.store_files import (
    POLL_AFTER,
    STATES,
    StoreFile,
    Wanted,
    described,
    of_status,
)
from chatapp.api.v1.store_objects import MOST_FILES, AutoChunking, FileCounts
from chatapp.library.models import Batch
from chatapp.rows import in_rows

router = APIRouter(
    prefix="/v1/vector_stores/{vector_store_id}/file_batches", tags=["Vector store files"]
)


class NewBatch(Strict):
    file_ids: Annotated[list[Number], Field(min_length=1, max_length=MOST_FILES)]
    attributes: NoPairs | None = None
    chunking_strategy: AutoChunking | None = None


class FileBatch(BaseModel):
    """``cancelled`` files are those that were taken out meanwhile."""

    id: str
    object: Literal["vector_store.file_batch"] = "vector_store.file_batch"
    created_at: int
    vector_store_id: str
    status: Literal["in_progress", "completed"]
    file_counts: FileCounts


def batch_object(person: User, batch: Batch) -> FileBatch:
    states = list(
        shelves.documents(person, batch.collection)
        .filter(pk__in=batch.documents.values("pk"))
        .values_list("state", flat=True)
    )
    counts = {status: sum(map(states.count, of)) for status, of in STATES.items()}
    counts["cancelled"] = batch.total - len(states)
    return FileBatch(
        id=str(batch.pk),
        created_at=int(batch.created.timestamp()),
        vector_store_id=str(batch.collection_id),
        status="in_progress" if counts["in_progress"] else "completed",
        file_counts=FileCounts(**counts, total=batch.total),
    )


@router.post("", summary="Put files into a collection")
async def create_batch(
    vector_store_id: Number, asked: NewBatch, caller: Librarian, response: Response
) -> FileBatch:
    """All of them or, where one is refused, none."""
    response.headers.update(POLL_AFTER)
    return await in_rows(make, caller.person, vector_store_id, asked)


@transaction.atomic
def make(person: User, name: UUID, asked: NewBatch) -> FileBatch:
    collection = shelves.managed(person, name)
    uploads = [shelves.upload(person, each) for each in dict.fromkeys(asked.file_ids)]
    documents = set(attached(uploads, collection))
    batch = Batch.objects.create(collection=collection, total=len(documents))
    batch.documents.set(documents)
    return batch_object(person, batch)


@router.get("/{batch_id}", summary="How a batch stands")
async def retrieve_batch(
    vector_store_id: Number, batch_id: Number, caller: Reader, response: Response
) -> FileBatch:
    def found() -> FileBatch:
        collection = shelves.listed(caller.person, vector_store_id)
        return batch_object(caller.person, shelves.batch(collection, batch_id))

    shown = await in_rows(found)
    if shown.status == "in_progress":
        response.headers.update(POLL_AFTER)
    return shown


@router.get("/{batch_id}/files", summary="The files of a batch")
async def list_batch_files(
    *,
    vector_store_id: Number,
    batch_id: Number,
    caller: Reader,
    asked: Paged,
    wanted: Wanted = None,
) -> ListObject[StoreFile]:
    def found() -> ListObject[StoreFile]:
        collection = shelves.listed(caller.person, vector_store_id)
        batch = shelves.batch(collection, batch_id)
        rows = shelves.documents(caller.person, collection)
        rows = of_status(rows.filter(pk__in=batch.documents.values("pk")), wanted)
        return page_of(rows, asked).shown(described)

    return await in_rows(found)
