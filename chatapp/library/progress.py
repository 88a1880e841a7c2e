"""Telling pages that something changed, and what they read then.

The nudge names documents and no more; whoever gets it reads the rows, so that a message lost on
the way costs a moment and never shows a wrong state.
"""

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db.models import Count, Q

from chatapp.library.models import Document, State

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents of a collection; those that are being deleted are not counted."""

    total: int
    ready: int
    failed: int

    @property
    def done(self) -> int:
        """Those that nothing more happens to by itself."""
        return self.ready + self.failed

    @property
    def working(self) -> int:
        return self.total - self.done


def group_name(collection_id: uuid.UUID) -> str:
    """The channel-layer group of those who watch this collection."""
    return f"library.{collection_id.hex}"


def announce(collection_id: uuid.UUID, document_id: uuid.UUID) -> None:
    """Nudge those who watch the collection. Work goes on where nobody can be told."""
    nudge = {"type": "library.changed", "document": str(document_id)}
    try:
        async_to_sync(get_channel_layer().group_send)(group_name(collection_id), nudge)
    except (redis.RedisError, OSError) as error:
        log.warning("Progress is not shown live: %s", error)


def counts(collections: Iterable[uuid.UUID]) -> dict[uuid.UUID, Counts]:
    """The counts of each of ``collections``."""
    ids = list(collections)
    rows = (
        Document.objects.filter(collection__in=ids)
        .exclude(state=State.DELETING)
        .order_by()
        .values_list("collection")
        .annotate(Count("pk"), ready=of_state(State.READY), failed=of_state(State.FAILED))
    )
    found = {key: Counts(*numbers) for key, *numbers in rows}
    return {key: found.get(key, Counts(0, 0, 0)) for key in ids}


def of_state(state: State) -> Count:
    return Count("pk", filter=Q(state=state))
