"""What a page is given of a conversation; docs/protocol.md describes it."""

from typing import Any
from uuid import UUID

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations import feedback
from chatapp.conversations.events import to_wire
from chatapp.conversations.models import Conversation, Turn
from chatapp.conversations.problems import NO_TURN, NotFound
from chatapp.conversations.replay import chunks_of, events_of
from chatapp.conversations.tree import Tree, tree_of

TURNS_AT_ONCE = 30
"""A page begins with so many, and fetches as many again whenever somebody scrolls up to them."""


def shown_branch(
    user: User, conversation: Conversation, before: UUID | None = None
) -> list[dict[str, Any]]:
    """The last turns of the branch that is shown, or of those that lead to ``before``, the first
    one first, as JSON objects. Neither their number nor that of the queries grows with the
    conversation. Raises NotFound where ``before`` is no turn of it."""
    tree = tree_of(conversation)
    if before is None:
        path = [node.id for node in tree.path(tree.leaf(conversation.branch_id))]
    elif before in tree:
        path = [node.id for node in tree.path(before)][:-1]
    else:
        raise NotFound(NO_TURN)
    return _told(user, conversation, tree, path[-TURNS_AT_ONCE:])


def _told(
    user: User, conversation: Conversation, tree: Tree, path: list[UUID]
) -> list[dict[str, Any]]:
    rows = conversation.turns.filter(id__in=path).prefetch_related("sources__chunk__document")
    turns = {turn.id: turn for turn in rows}
    shown = access.readable_chunks(user).filter(id__in=chunks_of(turns.values()))
    readable = set(shown.values_list("id", flat=True))
    said = {row.turn_id: row for row in access.own_feedback(user).filter(turn__in=path)}
    return [
        {**_turn(turns[name], tree, readable), "feedback": feedback.told(said.get(name))}
        for name in path
        if name in turns
    ]


def _turn(turn: Turn, tree: Tree, readable: set[int]) -> dict[str, Any]:
    return {
        "id": str(turn.id),
        "parent": turn.parent_id and str(turn.parent_id),
        "siblings": [str(name) for name in tree.siblings(turn.id)],
        "question": turn.question,
        "status": turn.status,
        "chosen": str(turn.model_id) if turn.model_id else "",
        "effort": turn.effort,
        "started": turn.started.isoformat(),
        "images": turn.pictures,
        "events": [to_wire(event) for event in events_of(turn, readable)],
    }
