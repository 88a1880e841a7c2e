"""Temporary conversations: not listed, not found, and gone soon after nobody looks at them.

One is kept as long as a window follows it, and TEMPORARY_CHAT_MINUTES longer, so that a reload, a
tunnel or a second window does not end it. Its rows go with it; what the moderation log has of it
stays, as for every conversation.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations.models import Conversation, Status, Turn
from chatapp.conversations.problems import NO_CONVERSATION, NotFound

SEEN_ANEW = timedelta(seconds=20)
"""A window that follows is written down no more often; it looks every half a minute, and the
shortest time that a site may choose is a minute."""
AT_ONCE = 100


def expiry() -> datetime:
    """When a conversation expires that is seen now."""
    return timezone.now() + timedelta(minutes=settings.TEMPORARY_CHAT_MINUTES)


def seen(conversation: Conversation) -> None:
    """Somebody looks at ``conversation``, which is their own. One that has expired stays so."""
    later = expiry()
    if conversation.expires is None or later - conversation.expires < SEEN_ANEW:
        return
    alive = Conversation.objects.filter(id=conversation.id, expires__gt=timezone.now())
    alive.update(expires=later)


def close(user: User, conversation: UUID) -> list[UUID]:
    """Remove a temporary conversation of ``user`` now; gives the turns that were running, for the
    caller to stop. Raises NotFound."""
    own = access.own_conversations(user).exclude(expires=None).filter(id=conversation)
    if not own.exists():
        raise NotFound(NO_CONVERSATION)
    return _remove([conversation])


def remove_expired() -> list[UUID]:
    """Remove what has expired, which nobody can open any more; gives the turns that were
    running."""
    late = Conversation.objects.filter(expires__lt=timezone.now()).order_by("expires")
    running: list[UUID] = []
    while names := list(late.values_list("id", flat=True)[:AT_ONCE]):
        running += _remove(names)
    return running


def _remove(names: list[UUID]) -> list[UUID]:
    turns = Turn.objects.filter(conversation__in=names, status=Status.RUNNING)
    running = list(turns.values_list("id", flat=True))
    Conversation.objects.filter(id__in=names).delete()
    return running
