"""Deleting documents and collections: vectors first, then the file, the row last.

The row stands until everything else is gone, so that a deletion that was interrupted, or that
found the vector store down, is known and taken up again.
"""

import logging
import shutil
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chatapp.library import progress
from chatapp.library.models import Collection, Document, State
from chatapp.library.services import lease as leases
from rag.store import StoreError

log = logging.getLogger(__name__)

BEGUN = {"state": State.DELETING, "reason": "", "failed_in": "", "attempts": 0}


class Store(Protocol):
    """Where vectors are; :class:`rag.store.VectorStore` is one. Each raises StoreError."""

    def add(self, index: str, ids: Sequence[str], vectors: Sequence[Sequence[float]]) -> None: ...
    def delete(self, index: str, ids: Sequence[str]) -> None: ...
    def drop(self, index: str) -> None: ...
    def missing(self, index: str, ids: Sequence[str]) -> set[str]: ...


def mark_document(document: Document) -> None:
    """Begin to delete: from now on no answer uses the document. A worker that is at it keeps
    its claim until it notices."""
    Document.objects.filter(pk=document.pk).update(**BEGUN)


def mark_collection(collection: Collection) -> None:
    """Begin to delete the collection: from now on nobody reads it and nothing can be added."""
    with transaction.atomic():
        Collection.objects.select_for_update().filter(pk=collection.pk).update(deleting=True)
        collection.readers.clear()
        collection.documents.update(**BEGUN)


def remove_document(document_id: uuid.UUID, store: Store) -> None:
    """Finish deleting the document, unless somebody else is at it.

    With the vector store down the document stays as it is, with the reason, to be tried again.
    """
    lease = leases.claim(document_id, (State.DELETING,))
    if lease is None:
        return
    document = Document.objects.select_related("collection").get(pk=document_id)
    try:
        forget_vectors(document, store)
    except StoreError as error:
        put_off(document, str(error))
        return
    document.file.delete(save=False)
    Document.objects.filter(pk=document_id, lease=lease.token).delete()
    progress.announce(document.collection_id, document_id)


def forget_vectors(document: Document, store: Store) -> None:
    """Delete the vectors of every chunk of ``document``, wherever they may be, and look that
    they are gone. Raises StoreError."""
    ids = [chunk.vector_id for chunk in document.chunks.only("document_id", "ordinal")]
    for index in document.collection.indexes if ids else []:
        store.delete(index, ids)
        if left := len(ids) - len(store.missing(index, ids)):
            raise StoreError(f"The vector store still has {left} of its vectors.")


def put_off(document: Document, reason: str) -> None:
    Document.objects.filter(pk=document.pk, state=State.DELETING).update(
        lease=None,
        lease_until=leases.next_attempt(document.attempts),
        reason=f"It cannot be deleted yet and is tried again. {reason}"[:500],
    )
    progress.announce(document.collection_id, document.pk)


def remove_collection(collection_id: uuid.UUID, store: Store) -> None:
    """Finish deleting the collection: its indexes as a whole, once no worker is at any of its
    documents. Where that cannot be done now it stays marked, to be tried again."""
    collection = Collection.objects.filter(pk=collection_id, deleting=True).first()
    if collection is None or busy(collection):
        return
    try:
        for index in collection.indexes:
            store.drop(index)
    except StoreError as error:
        log.warning("The collection %s cannot be deleted yet: %s", collection.pk, error)
        return
    for document in collection.documents.all():
        document.file.delete(save=False)
        document.delete()
    with suppress(FileNotFoundError):
        shutil.rmtree(Path(settings.MEDIA_ROOT) / collection.pk.hex)
    collection.delete()


def busy(collection: Collection) -> bool:
    """Whether a worker holds one of the collection's documents."""
    held = collection.documents.filter(lease__isnull=False, lease_until__gt=timezone.now())
    return held.exists()
