"""Housekeeping by Celery's clock."""

from asgiref.sync import async_to_sync
from celery import shared_task

from chatapp.conversations import deletion, temporary
from chatapp.conversations.live import request_stops, settle_lost_turns


@shared_task  # type: ignore[untyped-decorator]  # Celery ships no types
def mark_interrupted_turns() -> None:
    """End the turns whose web process died."""
    async_to_sync(settle_lost_turns)()


@shared_task  # type: ignore[untyped-decorator]  # as above
def remove_deleted_conversations() -> None:
    """Remove what was deleted and cannot be put back any more."""
    deletion.remove_deleted()


@shared_task  # type: ignore[untyped-decorator]  # as above
def remove_expired_conversations() -> None:
    """Remove the temporary conversations that nobody looks at any more."""
    async_to_sync(request_stops)(temporary.remove_expired())
