"""Conversations as people look for them: those that they pinned, and the others by day."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby

from django.utils import timezone

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations.models import Conversation

Group = tuple[str, list[Conversation]]
LISTED = 500
PINNED = "Pinned"


def listed(user: User) -> list[Group]:
    """The conversations of ``user``."""
    return by_day(access.listed_conversations(user)[:LISTED], timezone.localdate())


def by_day(conversations: Iterable[Conversation], today: date) -> list[Group]:
    """``conversations``, in their order, in groups with labels such as "Today"."""

    def day(conversation: Conversation) -> str:
        if conversation.pinned:
            return PINNED
        return label(timezone.localtime(conversation.updated).date(), today)

    return [(name, list(group)) for name, group in groupby(conversations, day)]


def label(day: date, today: date) -> str:
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - timedelta(days=7):
        return "Last 7 days"
    return f"{day:%B %Y}"
