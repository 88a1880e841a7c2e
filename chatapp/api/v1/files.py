"""Files that a person sends: ``/v1/files``.

A file waits here until it is put into a collection. Nothing of it is believed: it is measured,
and its content is judged when a collection reads it.
Source: https://platform.openai.com/docs/api-reference/files.
"""

import asyncio
from typing import Annotated, Literal
from urllib.parse import quote

from django.core.files.base import File
from fastapi import APIRouter, Depends, Query, UploadFile
from fastapi import File as FormFile
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse

from chatapp.api import shelves
from chatapp.api.errors import Invalid, TooLarge
from chatapp.api.keys import Caller
from chatapp.api.v1.calling import Librarian, Number
from chatapp.api.v1.paging import ListObject, Paging, page_of
from chatapp.library import actions
from chatapp.library.models import Upload
from chatapp.library.services import uploads
from chatapp.library.services.receive import Refused, too_large
from chatapp.rows import in_rows

MOST_LISTED = 10_000
Purpose = Literal["assistants", "user_data"]
router = APIRouter(prefix="/v1/files", tags=["Files"])


class FileRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    file: Annotated[UploadFile, Field(json_schema_extra={"minLength": 1})]
    purpose: Purpose


class FileObject(BaseModel):
    """``expires_at`` is when a file that is in no collection is erased, in seconds since 1970."""

    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    expires_at: int | None
    filename: str
    purpose: str
    status: Literal["processed"] = "processed"


class FileDeleted(BaseModel):
    id: str
    object: Literal["file"] = "file"
    deleted: Literal[True] = True


def described(upload: Upload) -> FileObject:
    expires = uploads.expiry(upload)
    return FileObject(
        id=str(upload.pk),
        bytes=upload.size,
        created_at=int(upload.created.timestamp()),
        expires_at=int(expires.timestamp()) if expires else None,
        filename=upload.name,
        purpose=upload.purpose,
    )


def paging(
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
) -> Paging:
    """As of every list, but longer, and forwards alone."""
    return Paging(limit, order == "desc", after)


@router.post("", summary="Send a file")
async def create_file(asked: Annotated[FileRequest, FormFile()], caller: Librarian) -> FileObject:
    """It waits to be put into a collection, and is erased when that does not happen."""
    try:
        written = await asyncio.to_thread(uploads.store, File(asked.file.file))
    except Refused as refusal:
        said = str(refusal)
        raise (TooLarge if said == too_large() else Invalid)(said, param="file") from None
    name = asked.file.filename or ""

    def kept() -> FileObject:
        return described(uploads.keep(written, name, asked.purpose, caller.person))

    return await in_rows(kept)


@router.get("", summary="One's files")
async def list_files(
    caller: Librarian,
    asked: Annotated[Paging, Depends(paging)],
    purpose: Purpose | None = None,
) -> ListObject[FileObject]:
    def found() -> ListObject[FileObject]:
        mine = shelves.uploads(caller.person)
        page = page_of(mine.filter(purpose=purpose) if purpose else mine, asked)
        return page.shown(described)

    return await in_rows(found)


@router.get("/{file_id}", summary="One file")
async def retrieve_file(file_id: Number, caller: Librarian) -> FileObject:
    return described(await in_rows(shelves.upload, caller.person, file_id))


@router.get(
    "/{file_id}/content",
    summary="The bytes of a file",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}},
)
async def retrieve_content(file_id: Number, caller: Librarian) -> FileResponse:
    found = await in_rows(shelves.upload, caller.person, file_id)
    headers = {"content-disposition": f"attachment; filename*=utf-8''{quote(found.name, safe='')}"}
    return FileResponse(found.file.path, media_type="application/octet-stream", headers=headers)


@router.delete("/{file_id}", summary="Delete a file")
async def delete_file(file_id: Number, caller: Librarian) -> FileDeleted:
    """It is taken out of every collection as well."""
    await in_rows(delete, caller, file_id)
    return FileDeleted(id=str(file_id))


def delete(caller: Caller, name: Number) -> None:
    actions.delete_upload(shelves.upload(caller.person, name))
