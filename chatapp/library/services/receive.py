"""Receiving an uploaded file: the one way in, whoever sends it.

Nothing of the file is believed here, neither its name nor the type that the browser gives:
it is measured, hashed and stored under a name of our own. Its content is judged at ingestion.
"""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from chatapp.accounts.models import User
from chatapp.library.models import Collection, Document, State, Upload
from chatapp.library.services.names import display_name

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one file: a new document, or a refusal in a sentence.

    Where the same bytes are in the collection already, ``document`` is that document and
    ``refusal`` says so.
    """

    name: str
    document: Document | None = None
    refusal: str = ""

    @property
    def accepted(self) -> bool:
        return self.document is not None and not self.refusal


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was stored, by its path in the storage; ``size`` in bytes."""

    path: str
    size: int
    sha256: str


class Refused(Exception):
    """The file cannot be taken; ``str(error)`` is a sentence."""


class Measured(File):  # type: ignore[type-arg]  # generic in the stub only
    """A file that is hashed and measured while it is stored; raises Refused past the limit."""

    def __init__(self, upload: "File[Any]", limit: int) -> None:
        super().__init__(upload.file, upload.name)
        self.upload = upload
        self.limit = limit
        self.digest = hashlib.sha256()
        self.length = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in self.upload.chunks(chunk_size):
            self.digest.update(chunk)
            self.length += len(chunk)
            if self.length > self.limit:
                raise Refused(too_large())
            yield chunk


def receive(collection: Collection, upload: "File[Any]", person: User | None) -> Received:
    """Store ``upload`` as a document of ``collection``, waiting to be ingested.

    Raises nothing for a bad file: the refusal is in what it returns.
    """
    name = display_name(upload.name or "")
    try:
        return Received(name, stored(collection, upload, name, person))
    except Refused as refusal:
        return Received(name, refusal=str(refusal))
    except Already as already:
        return Received(name, already.document, already_there(name, already.document))


def stored(collection: Collection, upload: "File[Any]", name: str, person: User | None) -> Document:
    written = write(upload, collection.id.hex)
    with deleted_unless_kept(written.path):
        return recorded(
            Document(
                collection=collection,
                name=name,
                file=written.path,
                size=written.size,
                sha256=written.sha256,
                uploaded_by=person,
            )
        )


def write(upload: "File[Any]", folder: str) -> Written:
    """Put the bytes of ``upload`` into a new file of ``folder``. Raises Refused, and then leaves
    nothing behind."""
    limit = settings.UPLOAD_MAX_MB * MEGABYTE
    if (upload.size or 0) > limit:
        raise Refused(too_large())
    measured = Measured(upload, limit)
    path = f"{folder}/{uuid.uuid4().hex}"
    with deleted_unless_kept(path):
        default_storage.save(path, measured)
        if not measured.length:
            raise Refused("The file is empty.")
    return Written(path, measured.length, measured.digest.hexdigest())


@contextmanager
def deleted_unless_kept(path: str) -> Iterator[None]:
    """Deletes the file at ``path`` when what it was written for fails."""
    try:
        yield
    except BaseException:
        default_storage.delete(path)
        raise


def recorded(document: Document) -> Document:
    """Save ``document``. The database, not a look before, decides which of two wins. Raises
    Refused and Already."""
    try:
        with transaction.atomic():
            open_collection(document.collection)
            take_id(document)
            document.save(force_insert=True)
    except IntegrityError:
        twin = Document.objects.filter(
            collection=document.collection_id, sha256=document.sha256
        ).first()
        if twin is None:
            raise
        raise Already(twin) from None
    return document


def open_collection(collection: Collection) -> None:
    """Lock the collection's row until the transaction ends, so that it cannot be deleted in
    between; raises Refused where that has begun."""
    rows = Collection.objects.select_for_update()
    if not rows.filter(pk=collection.pk, deleting=False).exists():
        raise Refused("This collection is being deleted.")


def take_id(document: Document) -> None:
    """Give ``document`` the id of the upload that it is made of, unless another has it. Locks the
    upload's row until the transaction ends; raises Refused where it is gone."""
    if document.upload_id is None:
        return
    if not Upload.objects.select_for_update().filter(pk=document.upload_id).exists():
        raise Refused("This file was deleted.")
    if not Document.objects.filter(pk=document.upload_id).exists():
        document.pk = document.upload_id


class Already(Exception):
    """The same bytes are in the collection, as ``document``."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document


def too_large() -> str:
    return f"The file is larger than {settings.UPLOAD_MAX_MB} MB."


def already_there(name: str, twin: Document) -> str:
    if twin.state == State.DELETING:
        return "The same file is just being deleted here. Upload it again in a moment."
    if twin.name == name:
        return "The same file is in this collection already."
    return f"The same file is in this collection already, as “{twin.name}”."
