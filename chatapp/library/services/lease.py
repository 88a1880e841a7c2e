"""Claiming a document, and holding the claim while working at it.

Every change of a document's state is an update guarded by the claim's token, never a read
followed by a write: of two workers one wins, and the other notices.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from chatapp.library.models import Document, State

UNFINISHED = (State.RECEIVED, State.READING, State.CHECKING, State.EMBEDDING)
RETRY_MAX_SECONDS = 3600


class LeaseLost(Exception):
    """The claim is no longer ours: the document is being deleted, or another worker has it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work at one document until it lapses."""

    document_id: uuid.UUID
    token: uuid.UUID

    def hold(self, **changes: Any) -> None:
        """Extend the claim, and make ``changes`` with it. Raises LeaseLost."""
        self._update(lease_until=lapses(), **changes)

    def end(self, state: State, **changes: Any) -> None:
        """Let go, leaving the document in ``state``. Raises LeaseLost."""
        self._update(lease=None, **{"lease_until": None, "state": state, **changes})

    def _update(self, **changes: Any) -> None:
        held = Document.objects.filter(pk=self.document_id, lease=self.token)
        held = held.exclude(state=State.DELETING)
        if held.update(updated=timezone.now(), **changes) != 1:
            raise LeaseLost

    def surrender(self) -> bool:
        """Let go of a document that is to be deleted; whether it was still ours."""
        held = Document.objects.filter(pk=self.document_id, lease=self.token, state=State.DELETING)
        return held.update(lease=None, lease_until=None) == 1


def claim(document_id: uuid.UUID, states: tuple[State, ...] = UNFINISHED) -> Lease | None:
    """Claim the document, if it is in one of ``states`` and nobody else is at it."""
    lease = Lease(document_id, uuid.uuid4())
    claimed = claimable().filter(pk=document_id, state__in=states)
    won = claimed.update(
        lease=lease.token,
        lease_until=lapses(),
        attempts=F("attempts") + 1,
        updated=timezone.now(),
    )
    return lease if won == 1 else None


def claimable() -> QuerySet[Document]:
    """Documents that nobody is at and whose next attempt is due."""
    return Document.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=timezone.now()))


def lapses() -> datetime:
    return timezone.now() + timedelta(seconds=settings.INGEST_LEASE_SECONDS)


def next_attempt(attempts: int) -> datetime:
    """When to try again after ``attempts`` failures: the pause doubles, up to an hour."""
    pause = settings.INGEST_RETRY_SECONDS * 2 ** max(0, attempts - 1)
    return timezone.now() + timedelta(seconds=min(pause, RETRY_MAX_SECONDS))
