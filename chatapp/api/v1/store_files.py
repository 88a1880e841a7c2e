"""Files in a collection: ``/v1/vector_stores/{id}/files``.

A file in a collection is a document of the library, and goes the same way into it: read, checked
by the guard, embedded. Its id is that of the file that was sent, unless that is in another
collection as well; both find it.
Source: https://platform.openai.com/docs/api-reference/vector-stores-files.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from django.db.models import QuerySet
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from chatapp import access
from chatapp.api import shelves
from chatapp.api.v1.calling import Librarian, Number, Reader
from chatapp.api.v1.kinds import NoPairs, Strict
from chatapp.api.v1.paging import ListObject, Paged, page_of
from chatapp.api.v1.store_changes import attached
from chatapp.api.v1.store_objects import AutoChunking
from chatapp.library import actions
from chatapp.library.models import Document, State
from chatapp.library.services.lease import UNFINISHED
from chatapp.rows import in_rows

POLL_AFTER = {"openai-poll-after-ms": "500"}
"""What the official client reads: how long it waits before it asks again."""
Status = Literal["in_progress", "completed", "failed", "cancelled"]
STATES: dict[Status, Sequence[State]] = {
    "in_progress": UNFINISHED,
    "completed": (State.READY,),
    "failed": (State.FAILED,),
    "cancelled": (),
}
AT_FAULT = (State.READING, State.CHECKING)
"""Where a document fails in these, it is by what is in it."""
router = APIRouter(prefix="/v1/vector_stores/{vector_store_id}/files", tags=["Vector store files"])
Wanted = Annotated[Status | None, Query(alias="filter")]


class LastError(BaseModel):
    code: Literal["server_error", "unsupported_file", "invalid_file"]
    message: str


class StoreFile(BaseModel):
    """``filename`` is what OpenAI's API has not."""

    id: str
    object: Literal["vector_store.file"] = "vector_store.file"
    created_at: int
    vector_store_id: str
    filename: str
    status: Status
    last_error: LastError | None
    usage_bytes: int
    attributes: dict[str, str] = {}
    chunking_strategy: AutoChunking = AutoChunking(type="auto")


class StoreFileDeleted(BaseModel):
    id: str
    object: Literal["vector_store.file.deleted"] = "vector_store.file.deleted"
    deleted: Literal[True] = True


class NewStoreFile(Strict):
    file_id: Number
    attributes: NoPairs | None = None
    chunking_strategy: AutoChunking | None = None


class Words(BaseModel):
    type: Literal["text"] = "text"
    text: str


class FileContent(BaseModel):
    """What was read of a file, a passage each, without those that the guard holds back."""

    object: Literal["vector_store.file_content.page"] = "vector_store.file_content.page"
    data: list[Words]
    has_more: Literal[False] = False
    next_page: None = None


def described(document: Document) -> StoreFile:
    return StoreFile(
        id=str(document.pk),
        created_at=int(document.created.timestamp()),
        vector_store_id=str(document.collection_id),
        filename=document.name,
        status=status_of(State(document.state)),
        last_error=error_of(document),
        usage_bytes=document.size,
    )


def status_of(state: State) -> Status:
    """One that is being deleted counts as cancelled; nobody is shown it but whoever deleted it."""
    return next((name for name, states in STATES.items() if state in states), "cancelled")


def error_of(document: Document) -> LastError | None:
    if document.state != State.FAILED:
        return None
    at_fault = document.failed_in in AT_FAULT
    return LastError(code="invalid_file" if at_fault else "server_error", message=document.reason)


def of_status(documents: QuerySet[Document], wanted: Status | None) -> QuerySet[Document]:
    return documents.filter(state__in=STATES[wanted]) if wanted else documents


@router.post("", summary="Put a file into a collection")
async def create_store_file(
    vector_store_id: Number, asked: NewStoreFile, caller: Librarian
) -> StoreFile:
    """The worker reads it; ask for its status. The same bytes again are the file that is there,
    which is tried again where it failed."""

    def made() -> StoreFile:
        collection = shelves.managed(caller.person, vector_store_id)
        (document,) = attached([shelves.upload(caller.person, asked.file_id)], collection)
        document.refresh_from_db()
        return described(document)

    return await in_rows(made)


@router.get("", summary="The files in a collection")
async def list_store_files(
    vector_store_id: Number, caller: Reader, asked: Paged, wanted: Wanted = None
) -> ListObject[StoreFile]:
    def found() -> ListObject[StoreFile]:
        collection = shelves.listed(caller.person, vector_store_id)
        rows = of_status(shelves.documents(caller.person, collection), wanted)
        return page_of(rows, asked).shown(described)

    return await in_rows(found)


@router.get("/{file_id}", summary="One file in a collection")
async def retrieve_store_file(
    vector_store_id: Number, file_id: Number, caller: Reader, response: Response
) -> StoreFile:
    def found() -> StoreFile:
        collection = shelves.listed(caller.person, vector_store_id)
        return described(shelves.document(caller.person, collection, file_id))

    shown = await in_rows(found)
    if shown.status == "in_progress":
        response.headers.update(POLL_AFTER)
    return shown


@router.get("/{file_id}/content", summary="The words of a file in a collection")
async def retrieve_store_content(
    vector_store_id: Number, file_id: Number, caller: Reader
) -> FileContent:
    def found() -> FileContent:
        collection = shelves.readable(caller.person, vector_store_id)
        document = shelves.document(caller.person, collection, file_id)
        chunks = access.readable_chunks(caller.person).filter(document=document)
        texts = chunks.order_by("ordinal").values_list("text", flat=True)
        return FileContent(data=[Words(text=text) for text in texts])

    return await in_rows(found)


@router.delete("/{file_id}", summary="Take a file out of a collection")
async def delete_store_file(
    vector_store_id: Number, file_id: Number, caller: Librarian
) -> StoreFileDeleted:
    """No answer uses it from now on. The file that was sent stays for a while."""

    def delete() -> None:
        collection = shelves.managed(caller.person, vector_store_id)
        actions.delete_document(shelves.document(caller.person, collection, file_id))

    await in_rows(delete)
    return StoreFileDeleted(id=str(file_id))
