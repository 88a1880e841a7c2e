"""The index of conversations: rows of folded words, looked up by their beginnings."""

from uuid import UUID

from django.db import connection

from chatapp.conversations.models import Conversation, Indexed, Turn
from chatapp.conversations.words import folded

WORDS_BYTES = 200_000
"""PostgreSQL refuses a vector of more than a megabyte."""
CONVERSATION = ("conversation__owner", "conversation__title")
LOOK_IN_SQLITE = """
    SELECT rowid FROM conversations_words WHERE conversations_words MATCH %s
    ORDER BY bm25(conversations_words, 0.0, 1.0), rowid DESC LIMIT %s
"""
LOOK_IN_POSTGRESQL = """
    SELECT id FROM conversations_indexed, to_tsquery('simple', %s) AS query
    WHERE owner_id = %s AND vector @@ query
    ORDER BY ts_rank(vector, query, 1) DESC, id DESC LIMIT %s
"""


def index_turn(turn: UUID) -> None:
    """Index the words of ``turn``, which has just ended, and with the first turn of a conversation
    its title."""
    kept = Turn.objects.filter(id=turn, conversation__expires=None).select_related("conversation")
    row = kept.only("question", "answer", "parent", *CONVERSATION).first()
    if row is None:
        return
    about = row.conversation
    words = _words(f"{row.question} {row.answer}")
    rows = [Indexed(owner_id=about.owner_id, turn=row, words=words)]
    if row.parent_id is None:
        rows.append(_title(about))
    Indexed.objects.bulk_create(rows, ignore_conflicts=True)


def index_title(about: Conversation) -> None:
    """Index the title of a conversation, in the place of the one before."""
    if about.expires is None:
        Indexed.objects.bulk_create(
            [_title(about)],
            update_conflicts=True,
            unique_fields=["conversation"],
            update_fields=["words"],
        )


def look_up(owner: int, words: tuple[str, ...], limit: int) -> list[int]:
    """Ids of the rows of ``owner`` that have every one of these folded words, or words that begin
    so, the best first."""
    if not words:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            wanted = " ".join(f'"{word}"*' for word in words)
            query = f'owner_id: "{owner}" AND words: ({wanted})'
            cursor.execute(LOOK_IN_SQLITE, [query, limit])
        else:
            query = " & ".join(f"'{word}':*" for word in words)
            cursor.execute(LOOK_IN_POSTGRESQL, [query, owner, limit])
        return [name for (name,) in cursor.fetchall()]


def _words(text: str) -> str:
    return folded(text).encode()[:WORDS_BYTES].decode(errors="ignore")


def _title(about: Conversation) -> Indexed:
    return Indexed(owner_id=about.owner_id, conversation=about, words=_words(about.title))
