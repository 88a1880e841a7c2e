"""Ingesting one document: read, check, embed, ready.

Every step may be repeated: a worker that was killed leaves nothing that the next one does not
overwrite. A chunk's row is written before its vector and outlives it, so that no vector is ever
without a row that says whose it is.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction

from chatapp.library import progress
from chatapp.library.models import Chunk, Collection, Document, State
from chatapp.library.services import check, lease, remove
from chatapp.moderation.services import Where, record_decision
from rag.chunk import cut
from rag.embed import Embedder, EmbeddingError
from rag.extract import ExtractError, Limits, extract
from rag.passage import Extracted, Piece
from rag.store import StoreError, index_name

EMBED_BATCH = 32
SHOW_EVERY_SECONDS = 0.25
REASON_MAX = 500
LIMITS = Limits(cpu_seconds=60, wall_seconds=90.0)

GAVE_UP = (
    "Its worker stopped several times in the middle of this file, which may be too much for it."
)
TOO_LONG = "It took longer than the time that one document may take."
UNEXPECTED = "Something unexpected happened, which is in the worker's log."


@dataclass(frozen=True, slots=True)
class Engines:
    """What ingestion works with."""

    store: remove.Store
    embedder: Embedder
    guard: check.Guard


class Rejected(Exception):
    """The document cannot be used, and trying again would not help; the text is a sentence."""

    def __init__(self, sentence: str, *checked: check.Checked) -> None:
        super().__init__(sentence)
        self.checked = checked


@dataclass(slots=True)
class Work:
    """One attempt at one document."""

    document: Document
    lease: lease.Lease
    state: State = State.RECEIVED
    shown: float = 0.0
    index: str = ""
    due: datetime | None = None
    added: list[str] = field(default_factory=list)

    def enter(self, state: State, **changes: int | None) -> None:
        self.state = state
        self.lease.hold(state=state, reason="", failed_in="", **changes)
        self.show()

    def advance(self, done: int) -> None:
        """Say how many passages are done; shown a few times a second at most."""
        self.lease.hold(passages_done=done)
        if time.monotonic() - self.shown >= SHOW_EVERY_SECONDS:
            self.show()

    def show(self) -> None:
        self.shown = time.monotonic()
        progress.announce(self.document.collection_id, self.document.pk)

    @property
    def where(self) -> Where:
        """A file of a conversation is somebody's words, as its questions are."""
        document, person = self.document, self.document.uploaded_by
        where = Where(document_id=document.pk, document=document.name)
        if not document.collection.attached or person is None:
            return where
        chat = document.collection.chat_id
        name = person.get_username()
        return replace(where, person_id=person.pk, person=name, conversation_id=chat)


def ingest(document_id: uuid.UUID, engines: Callable[[], Engines]) -> datetime | None:
    """Take the document to READY, or to FAILED with the reason, or back to RECEIVED to be tried
    again; gives the time of that attempt. Does nothing where somebody else is at it. Raises what
    nobody foresaw."""
    claimed = lease.claim(document_id)
    if claimed is None:
        return None
    document = Document.objects.select_related("collection", "uploaded_by").get(pk=document_id)
    work = Work(document, claimed)
    try:
        attempt(work, engines)
    except lease.LeaseLost:
        let_go(work, engines)
    return work.due


def attempt(work: Work, engines: Callable[[], Engines]) -> None:
    """Raises LeaseLost, and what nobody foresaw."""
    try:
        bring_to_ready(work, engines)
    except Rejected as rejected:
        fail(work, str(rejected), rejected.checked)
    except ExtractError as error:
        fail(work, str(error))
    except SoftTimeLimitExceeded:
        fail(work, TOO_LONG)
    except check.GuardUnavailable as error:
        put_off(work, str(error), (check.Checked(error.subject, error.decision),))
    except (StoreError, EmbeddingError) as error:
        put_off(work, str(error))
    except lease.LeaseLost:
        raise
    except Exception:
        fail(work, UNEXPECTED)
        raise
    work.show()


def bring_to_ready(work: Work, make_engines: Callable[[], Engines]) -> None:
    if work.document.attempts > settings.INGEST_MAX_ATTEMPTS:
        raise Rejected(GAVE_UP)
    engines = make_engines()
    pieces = read(work)
    checked = inspect(work, pieces, engines.guard)
    quarantined = {piece.ordinal for piece, one in zip(pieces, checked, strict=True) if one.blocked}
    work.index = index_name(str(work.document.collection_id), engines.embedder.name)
    rewrite_chunks(work, pieces, quarantined, engines.store)
    embed(work, [piece for piece in pieces if piece.ordinal not in quarantined], engines)
    with transaction.atomic():
        work.lease.end(State.READY, attempts=0)
        record(work, checked)


def read(work: Work) -> list[Piece]:
    """Raises ExtractError and Rejected."""
    work.enter(State.READING, passages=0, passages_done=0, held_back=0)
    extracted = extract_holding(work, Path(work.document.file.path))
    pieces = list(cut(extracted))
    if not pieces:
        raise Rejected("No text was found in it.")
    work.lease.hold(pages=extracted.pages, media_type=extracted.media_type)
    return pieces


def extract_holding(work: Work, path: Path) -> Extracted:
    """Wait for the reader, which may take longer than the lease lasts. Raises ExtractError."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(extract, path, work.document.name, LIMITS)
        while wait([reading], settings.INGEST_LEASE_SECONDS / 3).not_done:
            work.lease.hold()
        return reading.result()


def inspect(work: Work, pieces: Sequence[Piece], guard: check.Guard) -> list[check.Checked]:
    """Raises GuardUnavailable, and Rejected for a name with instructions in it."""
    work.enter(State.CHECKING, passages=len(pieces))
    name = check.check_name(guard, work.document.name)
    if name.blocked:
        found = ", ".join(finding.name for finding in name.decision.findings)
        raise Rejected(f"The guard does not allow its name ({found}). Rename it.", name)
    checked: list[check.Checked] = []
    for batch in check.check_pieces(guard, pieces):
        checked += batch
        work.advance(len(checked))
    return checked


def rewrite_chunks(
    work: Work, pieces: Sequence[Piece], quarantined: set[int], store: remove.Store
) -> None:
    """Put the rows of ``pieces`` in the place of an earlier attempt's. Raises StoreError."""
    remove.forget_vectors(work.document, store)
    with transaction.atomic():
        work.lease.hold(held_back=len(quarantined))
        work.document.chunks.all().delete()
        Chunk.objects.bulk_create(
            (
                Chunk(
                    document=work.document,
                    ordinal=piece.ordinal,
                    text=piece.text,
                    heading=piece.heading[:500],
                    page=piece.page,
                    quarantined=piece.ordinal in quarantined,
                )
                for piece in pieces
            ),
            batch_size=500,
        )


def embed(work: Work, pieces: Sequence[Piece], engines: Engines) -> None:
    """Add the vectors of ``pieces``. Raises EmbeddingError and StoreError."""
    remember_index(work.document.collection_id, work.index)
    work.enter(State.EMBEDDING, passages_done=0, passages=len(pieces))
    for start in range(0, len(pieces), EMBED_BATCH):
        batch = pieces[start : start + EMBED_BATCH]
        vectors = engines.embedder.embed([piece.embedded for piece in batch])
        ids = [f"{work.document.pk}:{piece.ordinal}" for piece in batch]
        work.lease.hold()
        work.added += ids
        engines.store.add(work.index, ids, vectors)
        work.advance(len(work.added))


def remember_index(collection_id: uuid.UUID, index: str) -> None:
    """Note in the collection's row that ``index`` may hold vectors, before it does."""
    with transaction.atomic():
        collection = Collection.objects.select_for_update().get(pk=collection_id)
        if index not in collection.indexes:
            collection.indexes = [*collection.indexes, index]
            collection.save(update_fields=["indexes"])


def fail(work: Work, reason: str, checked: Sequence[check.Checked] = ()) -> None:
    """Leave the document as failed, with what the guard found. Raises LeaseLost."""
    with transaction.atomic():
        work.lease.end(State.FAILED, failed_in=work.state, reason=reason[:REASON_MAX])
        record(work, checked)


def put_off(work: Work, reason: str, checked: Sequence[check.Checked] = ()) -> None:
    """Try again later, up to INGEST_MAX_ATTEMPTS times. Raises LeaseLost."""
    attempts = work.document.attempts
    if attempts >= settings.INGEST_MAX_ATTEMPTS:
        fail(work, reason, checked)
        return
    work.due = lease.next_attempt(attempts)
    with transaction.atomic():
        work.lease.end(State.RECEIVED, lease_until=work.due, reason=reason[:REASON_MAX])
        record(work, checked)


def record(work: Work, checked: Sequence[check.Checked]) -> None:
    for one in checked:
        if not one.decision.is_plain_pass:
            record_decision(one.decision, one.subject, work.where)


def let_go(work: Work, engines: Callable[[], Engines]) -> None:
    """The document is not ours any more: leave no vector of ours behind where it was deleted."""
    document = work.document
    if work.lease.surrender():
        remove.remove_document(document.pk, engines().store)
    elif work.added and not Document.objects.filter(pk=document.pk).exists():
        engines().store.delete(work.index, work.added)
