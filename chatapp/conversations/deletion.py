"""Deleting conversations, and putting back one that was deleted by a slip.

A deleted conversation is out of every query at once, since all of them start from
:func:`chatapp.access.own_conversations`; its rows are removed a little later. They may be put back
for less long than they are kept, so that nothing is put back while it is being removed.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations import queueing
from chatapp.conversations.models import Conversation, Status, Turn
from chatapp.conversations.problems import NO_CONVERSATION, NotFound

REGRET = timedelta(minutes=1)
KEPT = timedelta(minutes=2)
AT_ONCE = 100


def delete(user: User, conversation: UUID) -> list[UUID]:
    """Hide a conversation for good, and take back what waits in it; gives the turns that were
    running, for the caller to stop. What the moderation log has of it stays. Raises NotFound."""
    own = access.own_conversations(user).filter(id=conversation)
    with transaction.atomic():
        if not own.update(deleted=timezone.now()):
            raise NotFound(NO_CONVERSATION)
        turns = Turn.objects.filter(conversation=conversation)
        for turn in turns.filter(status=Status.QUEUED).values_list("id", flat=True):
            queueing.cancel(turn)
        return list(turns.filter(status=Status.RUNNING).values_list("id", flat=True))


def restore(user: User, conversation: UUID) -> None:
    """Put a deleted conversation back. Raises NotFound, also where it is too late."""
    since = timezone.now() - REGRET
    deleted = access.deleted_conversations(user).filter(id=conversation, deleted__gte=since)
    if not deleted.update(deleted=None):
        raise NotFound(NO_CONVERSATION)


def remove_deleted() -> int:
    """Remove the rows of conversations that nobody can put back any more; how many those were."""
    late = Conversation.objects.filter(deleted__lt=timezone.now() - KEPT)
    removed = 0
    while names := list(late.order_by("deleted").values_list("id", flat=True)[:AT_ONCE]):
        late.filter(id__in=names).delete()
        removed += len(names)
    return removed
