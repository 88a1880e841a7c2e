"""Search in all of a person's conversations."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations.index import look_up
from chatapp.conversations.models import Conversation, Indexed, Turn
from chatapp.conversations.words import Piece, asked, matches, snippet

LOOKED_AT = 200
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Found:
    """A turn, or a conversation by its title, that has what was asked for. Without a turn there
    is no snippet; ``when`` is when the turn began, or the conversation was last written in."""

    conversation: UUID
    title: tuple[Piece, ...]
    turn: UUID | None
    snippet: tuple[Piece, ...]
    when: datetime


def search(user: User, query: str) -> list[Found]:
    """What of ``user``'s has every word of ``query``, the best first; at most so many. Any text is
    a query: there is no sign in it that means anything."""
    wanted = asked(query)
    names = look_up(user.pk, wanted, LOOKED_AT)
    own = access.own_indexed(user).filter(id__in=names)
    rows = own.select_related("turn__conversation", "conversation").defer("words")
    by_name = {row.id: row for row in rows}
    found = (_found(by_name[name], wanted) for name in names if name in by_name)
    return list(islice((each for each in found if each is not None), SHOWN))


def _found(row: Indexed, wanted: tuple[str, ...]) -> Found | None:
    """None where the row's own text does not say what was indexed, so that nothing is told that
    was changed since."""
    if row.conversation is not None:
        title = snippet(row.conversation.title, wanted)
        about = row.conversation
        return Found(about.id, title, None, (), about.updated) if _says(title) else None
    return _found_turn(row.turn, row.turn.conversation, wanted) if row.turn else None


def _found_turn(turn: Turn, about: Conversation, wanted: tuple[str, ...]) -> Found | None:
    in_question, in_answer = matches(turn.question, wanted), matches(turn.answer, wanted)
    if in_question | in_answer != set(wanted):
        return None
    text = turn.answer if len(in_answer) >= len(in_question) else turn.question
    title = snippet(about.title, wanted)
    return Found(about.id, title, turn.id, snippet(text, wanted), turn.started)


def _says(pieces: tuple[Piece, ...]) -> bool:
    return any(piece.found for piece in pieces)
