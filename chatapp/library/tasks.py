"""What the worker does for the library. Each task calls one service."""

import uuid
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from chatapp import wiring
from chatapp.library.services import uploads
from chatapp.library.services.ingest import Engines, ingest
from chatapp.library.services.remove import remove_collection as remove_whole_collection
from chatapp.library.services.remove import remove_document as remove_one_document
from chatapp.library.services.requeue import take_up_stuck


def engines() -> Engines:
    return Engines(store=wiring.store(), embedder=wiring.embedder(), guard=wiring.guard())


@shared_task  # type: ignore[untyped-decorator]  # Celery ships no types
def ingest_document(document_id: str) -> None:
    due = ingest(uuid.UUID(document_id), engines)
    if due:
        ingest_document.apply_async((document_id,), eta=due)


@shared_task  # type: ignore[untyped-decorator]  # as above
def remove_document(document_id: str) -> None:
    remove_one_document(uuid.UUID(document_id), wiring.store())


@shared_task  # type: ignore[untyped-decorator]  # as above
def remove_collection(collection_id: str) -> None:
    remove_whole_collection(uuid.UUID(collection_id), wiring.store())


@shared_task  # type: ignore[untyped-decorator]  # as above
def requeue_stuck_documents(at_start: bool = False) -> None:
    stuck = take_up_stuck(at_start=at_start)
    for task, ids in (
        (ingest_document, stuck.to_ingest),
        (remove_document, stuck.to_remove),
        (remove_collection, stuck.collections_to_remove),
    ):
        for each in ids:
            task.delay(str(each))


@shared_task  # type: ignore[untyped-decorator]  # as above
def erase_unused_uploads() -> None:
    uploads.erase_unused()


@worker_ready.connect  # type: ignore[untyped-decorator]  # as above
def take_up_what_a_killed_worker_left(**_: Any) -> None:
    requeue_stuck_documents.delay(at_start=True)
