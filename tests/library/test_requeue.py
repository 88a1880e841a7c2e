"""Finding work that nobody does, and only that."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chatapp.library.models import Collection, Document, State
from chatapp.library.services import lease
from chatapp.library.services.remove import mark_collection, mark_document
from chatapp.library.services.requeue import UNTOUCHED_SECONDS, Stuck, reset, take_up_stuck
from tests.library.conftest import Uploading

NOTHING = Stuck((), (), ())
PAST = timedelta(seconds=-1)
FUTURE = timedelta(seconds=60)


def put(document: Document, **changes: object) -> None:
    Document.objects.filter(pk=document.pk).update(**changes)
    document.refresh_from_db()


def test_it_leaves_work_in_hand_alone(upload: Uploading) -> None:
    document = upload()
    assert lease.claim(document.pk)
    assert take_up_stuck() == NOTHING


@pytest.mark.parametrize("state", [State.READING, State.CHECKING, State.EMBEDDING])
def test_it_takes_up_what_a_dead_worker_left(upload: Uploading, state: State) -> None:
    document = upload()
    put(document, state=state, lease=document.pk, lease_until=timezone.now() + PAST)

    assert take_up_stuck() == Stuck((document.pk,), (), ())
    document.refresh_from_db()
    assert document.state == State.RECEIVED
    assert document.lease is None


def test_the_dead_worker_if_it_was_not_dead_notices(upload: Uploading) -> None:
    document = upload()
    held = lease.claim(document.pk)
    assert held
    put(document, lease_until=timezone.now() + PAST)
    take_up_stuck()

    with pytest.raises(lease.LeaseLost):
        held.hold()


def test_it_takes_up_what_is_due_for_another_attempt(upload: Uploading) -> None:
    document = upload()
    put(document, lease_until=timezone.now() + FUTURE, reason="The vector store is down.")
    assert take_up_stuck() == NOTHING

    put(document, lease_until=timezone.now() + PAST)
    assert take_up_stuck().to_ingest == (document.pk,)
    assert take_up_stuck() == NOTHING  # it waits in the queue now


def test_it_does_not_queue_twice_what_merely_waits_its_turn(upload: Uploading) -> None:
    document = upload()
    assert take_up_stuck() == NOTHING

    put(document, updated=timezone.now() - timedelta(seconds=UNTOUCHED_SECONDS + 1))
    assert take_up_stuck().to_ingest == (document.pk,)
    assert take_up_stuck() == NOTHING


def test_a_worker_that_starts_takes_up_what_waits(upload: Uploading) -> None:
    document = upload()
    assert take_up_stuck(at_start=True).to_ingest == (document.pk,)


@pytest.mark.parametrize("state", [State.READY, State.FAILED])
def test_it_leaves_documents_at_rest_alone(upload: Uploading, state: State) -> None:
    document = upload()
    put(document, state=state, updated=timezone.now() - timedelta(days=1))
    assert take_up_stuck(at_start=True) == NOTHING


def test_it_takes_up_deletions(upload: Uploading) -> None:
    document = upload()
    mark_document(document)
    assert take_up_stuck() == Stuck((), (document.pk,), ())

    put(document, lease_until=timezone.now() + FUTURE)
    assert take_up_stuck() == NOTHING


def test_it_takes_up_the_deletion_of_a_collection_as_a_whole(
    upload: Uploading, collection: Collection
) -> None:
    upload()
    mark_collection(collection)
    assert take_up_stuck() == Stuck((), (), (collection.pk,))


def test_the_oldest_go_first(upload: Uploading) -> None:
    documents = [upload(f"{n}.md", f"Words {n}.".encode()) for n in range(3)]
    assert take_up_stuck(at_start=True).to_ingest == tuple(each.pk for each in documents)


def test_a_failed_document_can_be_reset(upload: Uploading) -> None:
    document = upload()
    put(document, state=State.FAILED, failed_in=State.READING, reason="Damaged.", attempts=5)

    assert reset(document)
    document.refresh_from_db()
    assert (document.state, document.failed_in, document.reason) == (State.RECEIVED, "", "")
    assert document.attempts == 0
    assert lease.claim(document.pk)


def test_only_a_failed_document_can_be_reset(upload: Uploading) -> None:
    document = upload()
    put(document, state=State.READY)
    assert not reset(document)
