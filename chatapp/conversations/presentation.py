"""What a page is given of a conversation; docs/protocol.md describes it."""

from typing import Any

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations import feedback
from chatapp.conversations.events import to_wire
from chatapp.conversations.models import Conversation, Turn
from chatapp.conversations.replay import chunks_of, events_of
from chatapp.conversations.tree import Tree, tree_of


def shown_branch(user: User, conversation: Conversation) -> list[dict[str, Any]]:
    """The turns of the branch that is shown, the first one first, as JSON objects. The number of
    queries does not grow with their number."""
    tree = tree_of(conversation)
    path = [node.id for node in tree.path(tree.leaf(conversation.branch_id))]
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
