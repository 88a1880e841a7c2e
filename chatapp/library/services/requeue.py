"""Finding work that nobody does: its worker died, its message was lost, or its time has come."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from chatapp.library.models import Collection, Document, State
from chatapp.library.services import remove
from chatapp.library.services.lease import UNFINISHED, claimable

UNTOUCHED_SECONDS = 300
"""How long a document may wait in the queue before it is queued once more."""
UNCLAIMED = {"lease": None, "lease_until": None}
AT_ONCE = 1000
"""How many are taken up in one go; the next go takes the rest."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """Ids of what is to be taken up again."""

    to_ingest: tuple[uuid.UUID, ...]
    to_remove: tuple[uuid.UUID, ...]
    collections_to_remove: tuple[uuid.UUID, ...]


def take_up_stuck(*, at_start: bool = False) -> Stuck:
    """What nobody is at, put back to wait in the queue.

    Documents that merely wait their turn are left alone for some minutes; ``at_start`` of a
    worker they are not, since the messages that a killed worker had taken are lost to the others
    for an hour (the broker's visibility timeout).
    """
    idle = claimable().filter(state__in=UNFINISHED)
    if not at_start:
        waiting = Q(state=State.RECEIVED, lease_until__isnull=True)
        lately = Q(updated__gte=timezone.now() - timedelta(seconds=UNTOUCHED_SECONDS))
        idle = idle.exclude(waiting & lately)
    forget_orphans()
    going = claimable().filter(state=State.DELETING, collection__deleting=False)
    gone = Collection.objects.filter(deleting=True)
    return Stuck(
        to_ingest=tuple(pk for pk in first_ids(idle) if put_back(pk)),
        to_remove=first_ids(going),
        collections_to_remove=tuple(gone.values_list("pk", flat=True)),
    )


def forget_orphans() -> None:
    """Begin to delete the files of conversations that are gone, whichever way they went."""
    for each in Collection.objects.filter(attached=True, chat=None, deleting=False):
        remove.mark_collection(each)


def first_ids(documents: QuerySet[Document]) -> tuple[uuid.UUID, ...]:
    return tuple(documents.order_by("created").values_list("pk", flat=True)[:AT_ONCE])


def put_back(document_id: uuid.UUID) -> bool:
    """Let the document wait in the queue; whether nobody took it meanwhile."""
    idle = claimable().filter(pk=document_id, state__in=UNFINISHED)
    return idle.update(state=State.RECEIVED, **UNCLAIMED, updated=timezone.now()) == 1


def reset(document: Document) -> bool:
    """Put a failed document back in the queue; whether it was one."""
    failed = Document.objects.filter(pk=document.pk, state=State.FAILED)
    again = {"state": State.RECEIVED, "failed_in": "", "reason": "", "attempts": 0}
    return failed.update(**again, **UNCLAIMED, updated=timezone.now()) == 1
