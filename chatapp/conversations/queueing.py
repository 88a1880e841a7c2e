"""Questions that wait for the one before: a conversation is answered one question at a time.

A question that is asked meanwhile is kept as a turn of its own and waits. Whichever web process
hears that a turn ended starts the first one that waits; whoever comes second finds it started.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chatapp.conversations import choices
from chatapp.conversations.index import index_turn
from chatapp.conversations.jobs import job_of
from chatapp.conversations.models import UNFINISHED, Conversation, Status, Turn
from chatapp.conversations.problems import NotFound
from chatapp.conversations.running import Job
from chatapp.conversations.tree import tree_of

CANCELLED = "The question was taken back before its turn came."
SUSPENDED = "The account was suspended before the question's turn came."


def first(conversation: UUID) -> UUID | None:
    """The turn that waits first; None where none does, or a turn runs. One query."""
    unfinished = Turn.objects.filter(conversation=conversation, status__in=UNFINISHED)
    rows = list(unfinished.order_by("started").values_list("id", "status"))
    if not rows or any(status == Status.RUNNING for _, status in rows):
        return None
    return rows[0][0]


def start(turn: UUID) -> Job | None:
    """Let ``turn`` run; None where it waits no more, or another one runs."""
    with transaction.atomic():
        row = Turn.objects.filter(id=turn).select_related("conversation__owner").first()
        if row is None or not _claimed(row):
            return None
        return _job(row)


def _claimed(row: Turn) -> bool:
    """Whether this call is the one that lets ``row`` run."""
    Conversation.objects.select_for_update().filter(id=row.conversation_id).first()
    beside = Turn.objects.filter(conversation=row.conversation_id)
    if beside.filter(status=Status.RUNNING).exists():
        return False
    waits = beside.filter(id=row.id, status=Status.QUEUED)
    return waits.update(status=Status.RUNNING, started=timezone.now()) == 1


def _job(row: Turn) -> Job:
    """What was chosen when the question was asked holds as far as it may still be used."""
    user = row.conversation.owner
    row.collections = choices.still_readable(user, row.collections)
    row.save(update_fields=["collections"])
    tree = tree_of(row.conversation)
    if not user.is_active:
        return job_of(user, row, tree, None).refused(SUSPENDED)
    try:
        return job_of(user, row, tree, choices.model(user, row.model_id))
    except NotFound as problem:
        return job_of(user, row, tree, None).refused(str(problem))


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A question that was taken back."""

    turn: UUID
    conversation: UUID
    question: str


def cancel(turn: UUID) -> Cancelled | None:
    """Take a question back; None where it does not wait, or not any more."""
    waits = Turn.objects.filter(id=turn, status=Status.QUEUED)
    row = waits.only("conversation_id", "question").first()
    values = {"status": Status.STOPPED, "reason": CANCELLED, "ended": timezone.now()}
    with transaction.atomic():
        if row is None or not waits.update(**values):
            return None
        index_turn(turn)
    return Cancelled(row.id, row.conversation_id, row.question)


def stranded() -> list[UUID]:
    """Conversations in which a question waits and none runs."""
    waits = Conversation.objects.filter(turns__status=Status.QUEUED)
    runs = Conversation.objects.filter(turns__status=Status.RUNNING)
    return list(waits.exclude(id__in=runs.values("id")).distinct().values_list("id", flat=True))
