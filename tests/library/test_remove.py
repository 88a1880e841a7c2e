"""Deleting documents and collections: nothing is left in rows, vectors or files."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from chatapp.library.models import Chunk, Collection, Document, State
from chatapp.library.passages import load_passages
from chatapp.library.services import lease
from chatapp.library.services.ingest import Engines, ingest
from chatapp.library.services.remove import (
    mark_collection,
    mark_document,
    remove_collection,
    remove_document,
)
from tests.library.conftest import Uploading
from tests.library.fakes import MemoryStore


@pytest.fixture
def ready(upload: Uploading, engines: Engines) -> Document:
    document = upload()
    ingest(document.pk, lambda: engines)
    document.refresh_from_db()
    assert document.state == State.READY
    return document


def files_in(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def test_a_deleted_document_leaves_nothing(
    ready: Document, store: MemoryStore, media: Path
) -> None:
    mark_document(ready)
    remove_document(ready.pk, store)

    assert not Document.objects.exists()
    assert not Chunk.objects.exists()
    assert store.ids == set()
    assert files_in(media) == []


def test_it_leaves_other_documents_alone(
    ready: Document, upload: Uploading, engines: Engines, store: MemoryStore
) -> None:
    other = upload("other.md", b"# Other\n\nOther words.\n")
    ingest(other.pk, lambda: engines)
    mark_document(ready)
    remove_document(ready.pk, store)

    assert Document.objects.get() == other
    assert store.ids == {f"{other.pk}:0"}
    assert Path(other.file.path).is_file()


def test_from_the_moment_that_deletion_begins_no_answer_uses_it(
    ready: Document, store: MemoryStore
) -> None:
    assert load_passages(list(store.ids))
    mark_document(ready)
    assert load_passages(list(store.ids)) == {}


def test_vectors_in_the_index_of_a_former_model_go_too(
    ready: Document, collection: Collection, store: MemoryStore
) -> None:
    store.add("index-of-a-former-model", [f"{ready.pk}:0"], [[1.0]])
    collection.refresh_from_db()
    collection.indexes.append("index-of-a-former-model")
    collection.save()
    mark_document(ready)
    remove_document(ready.pk, store)

    assert store.ids == set()


def test_with_the_vector_store_down_it_waits_and_is_tried_again(
    ready: Document, store: MemoryStore, media: Path
) -> None:
    store.down = True
    mark_document(ready)
    remove_document(ready.pk, store)

    ready.refresh_from_db()
    assert ready.state == State.DELETING
    assert "The vector store cannot be reached." in ready.reason
    assert ready.lease_until is not None
    assert files_in(media)

    store.down = False
    remove_document(ready.pk, store)  # not due yet
    assert Document.objects.exists()
    Document.objects.update(lease_until=timezone.now())
    remove_document(ready.pk, store)
    assert not Document.objects.exists()
    assert store.ids == set()


class Forgetful(MemoryStore):
    """A vector store that says that it deleted and did not."""

    def delete(self, index: str, ids: object) -> None:
        pass


def test_a_store_that_keeps_vectors_is_not_believed(ready: Document, store: MemoryStore) -> None:
    mark_document(ready)
    remove_document(ready.pk, Forgetful(store.indexes))

    ready.refresh_from_db()
    assert "still has 2 of its vectors" in ready.reason


def test_it_waits_for_a_worker_that_is_at_the_document(
    upload: Uploading, store: MemoryStore
) -> None:
    document = upload()
    assert lease.claim(document.pk)
    mark_document(document)
    remove_document(document.pk, store)
    assert Document.objects.get().state == State.DELETING

    Document.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    remove_document(document.pk, store)
    assert not Document.objects.exists()


def test_a_document_that_is_not_to_be_deleted_is_not(ready: Document, store: MemoryStore) -> None:
    remove_document(ready.pk, store)
    assert Document.objects.get() == ready


def test_deleting_what_is_gone_does_nothing(ready: Document, store: MemoryStore) -> None:
    mark_document(ready)
    remove_document(ready.pk, store)
    remove_document(ready.pk, store)


def test_a_file_that_is_gone_already_does_not_matter(ready: Document, store: MemoryStore) -> None:
    Path(ready.file.path).unlink()
    mark_document(ready)
    remove_document(ready.pk, store)
    assert not Document.objects.exists()


def test_a_deleted_collection_leaves_nothing(
    ready: Document, collection: Collection, store: MemoryStore, media: Path
) -> None:
    mark_collection(collection)
    remove_collection(collection.pk, store)

    assert not Collection.objects.exists()
    assert not Document.objects.exists()
    assert store.indexes == {}
    assert list(media.iterdir()) == []


def test_an_empty_collection_can_be_deleted(collection: Collection, store: MemoryStore) -> None:
    mark_collection(collection)
    remove_collection(collection.pk, store)
    assert not Collection.objects.exists()


def test_from_the_moment_that_deletion_begins_nobody_reads_the_collection(
    ready: Document, collection: Collection
) -> None:
    mark_collection(collection)
    assert not collection.readers.exists()
    ready.refresh_from_db()
    assert ready.state == State.DELETING


def test_a_collection_waits_for_workers_and_for_the_store(
    ready: Document, upload: Uploading, collection: Collection, store: MemoryStore
) -> None:
    other = upload("other.md", b"Other words.")
    held = lease.claim(other.pk)
    assert held
    mark_collection(collection)
    remove_collection(collection.pk, store)
    assert Collection.objects.exists()
    assert store.ids

    assert held.surrender()
    store.down = True
    remove_collection(collection.pk, store)
    assert Collection.objects.exists()

    store.down = False
    remove_collection(collection.pk, store)
    assert not Collection.objects.exists()
    assert store.indexes == {}


def test_a_collection_that_is_not_to_be_deleted_is_not(
    collection: Collection, store: MemoryStore
) -> None:
    remove_collection(collection.pk, store)
    assert Collection.objects.get() == collection
