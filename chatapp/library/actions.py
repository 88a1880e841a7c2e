"""What people and commands do with the library: a service, then the worker's part of it.

This is the only place that enqueues. A message goes out once the rows are committed; where the
broker is down it does not, the rows are kept, and the scheduler's look for stuck documents
enqueues it later.
"""

from collections.abc import Iterable
from typing import Any

from django.core.files.base import File
from django.db import transaction

from chatapp.accounts.models import User
from chatapp.library import progress, tasks
from chatapp.library.models import Collection, Document, State, Upload
from chatapp.library.services import receive as receiving
from chatapp.library.services import remove, requeue, uploads
from chatapp.library.services.receive import Received, Refused


def receive(collection: Collection, upload: "File[Any]", person: User | None) -> Received:
    """Take one file into ``collection``: the one way in for pages and commands alike."""
    received = receiving.receive(collection, upload, person)
    if received.accepted and received.document:
        enqueue(tasks.ingest_document, received.document)
    return received


def attach(upload: Upload, collection: Collection) -> Document:
    """Put an upload into ``collection``; where its bytes failed there before they are tried again.
    Raises chatapp.library.services.receive.Refused."""
    document = uploads.attach(upload, collection)
    if document.state == State.RECEIVED:
        enqueue(tasks.ingest_document, document)
    else:
        retry(document)
    return document


def attach_all(wanted: Iterable[Upload], collection: Collection) -> list[Document]:
    """As :func:`attach`, all of them or none. Raises Refused."""
    documents: list[Document] = []
    try:
        with transaction.atomic():
            for upload in wanted:
                documents.append(attach(upload, collection))  # noqa: PERF401  those before a refusal count
    except Refused:
        kept = Document.objects.filter(pk__in=[each.pk for each in documents])
        names = set(kept.values_list("pk", flat=True))
        for document in documents:
            if document.pk not in names:
                document.file.delete(save=False)
        raise
    return documents


def delete_upload(upload: Upload) -> None:
    """Delete an upload, and the documents that were made of it."""
    for document in upload.documents.exclude(state=State.DELETING):
        delete_document(document)
    uploads.forget(upload)


def retry(document: Document) -> bool:
    """Let a failed document be tried again; whether it was a failed one."""
    if not requeue.reset(document):
        return False
    enqueue(tasks.ingest_document, document)
    return True


def retry_failed(collection: Collection) -> int:
    """Let every failed document be tried again; how many."""
    return sum(map(retry, collection.documents.filter(state=State.FAILED)))


def delete_document(document: Document) -> None:
    """Delete a document: it answers nothing from now on, and the worker erases its traces."""
    remove.mark_document(document)
    enqueue(tasks.remove_document, document)


def delete_collection(collection: Collection) -> None:
    """Delete a collection with all its documents, as :func:`delete_document` does."""
    remove.mark_collection(collection)
    after_commit(tasks.remove_collection.delay, str(collection.pk))


def enqueue(task: Any, document: Document) -> None:
    after_commit(task.delay, str(document.pk))
    after_commit(progress.announce, document.collection_id, document.pk)


def after_commit(call: Any, *arguments: Any) -> None:
    # Django logs a failure by the function's name, which a partial has none of.
    def do() -> None:
        call(*arguments)

    transaction.on_commit(do, robust=True)
