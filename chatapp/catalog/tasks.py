"""Housekeeping by Celery's clock."""

from celery import shared_task

from chatapp.catalog.looking import look_at_all
from chatapp.catalog.models import Endpoint


@shared_task  # type: ignore[untyped-decorator]  # Celery ships no types
def look_at_servers() -> None:
    """See which model servers answer, and whether their models are those that were pinned."""
    look_at_all(Endpoint.objects.all())
