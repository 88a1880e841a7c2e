"""Housekeeping by Celery's clock, and watching what servers fetch."""

from celery import shared_task

from chatapp.catalog import pulling
from chatapp.catalog.looking import look_at_all
from chatapp.catalog.models import Endpoint


@shared_task  # type: ignore[untyped-decorator]  # Celery ships no types
def look_at_servers() -> None:
    """See which model servers answer, and whether their models are those that were pinned; take
    up the pulls at which nobody works any more."""
    look_at_all(Endpoint.objects.all())
    for pull in pulling.lost():
        pull_model.delay(pull)


@shared_task  # type: ignore[untyped-decorator]  # as above
def pull_model(pull: int) -> None:
    """Watch a pull for a stint, and leave the rest to the next one."""
    if pulling.work(pull):
        pull_model.delay(pull)
