"""Conversations by day, as people look for them."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby

from django.utils import timezone

from chatapp.conversations.models import Conversation

Group = tuple[str, list[Conversation]]


def by_day(conversations: Iterable[Conversation], today: date) -> list[Group]:
    """``conversations``, the latest first, in groups with labels such as "Today"."""

    def day(conversation: Conversation) -> str:
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
