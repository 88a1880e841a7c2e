"""A conversation is a tree: each turn follows another one, or begins anew.

Values without a word of the turns: what follows what, and which branch is shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import starmap
from uuid import UUID

from chatapp.conversations.models import Conversation


@dataclass(frozen=True, slots=True)
class Node:
    """A turn's place. ``parent`` is None for one that begins the conversation."""

    id: UUID
    parent: UUID | None
    status: str
    client_id: UUID


class Tree:
    """The turns of one conversation, given oldest first. It never runs in circles, even where
    its rows would."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = {node.id: node for node in nodes}
        self._below: dict[UUID | None, list[UUID]] = {}
        for node in self.nodes.values():
            self._below.setdefault(node.parent, []).append(node.id)

    def __contains__(self, turn: UUID) -> bool:
        return turn in self.nodes

    def sent(self, client_id: UUID) -> Node | None:
        """The turn that this client id made."""
        return next((node for node in self.nodes.values() if node.client_id == client_id), None)

    def leaf(self, branch: UUID | None) -> UUID | None:
        """Where the conversation stands: the newest turn of the branch that goes through
        ``branch``, or of all where that is None or gone; None without turns."""
        if branch is None or branch not in self.nodes:
            return next(reversed(self.nodes), None)
        below = {branch}
        for node in self.nodes.values():  # a turn is older than those that follow it
            if node.parent in below:
                below.add(node.id)
        return next(turn for turn in reversed(self.nodes) if turn in below)

    def path(self, leaf: UUID | None) -> list[Node]:
        """The turns that lead to ``leaf``, the first one first, with itself."""
        left, path = dict(self.nodes), list[Node]()
        node = left.pop(leaf, None) if leaf else None
        while node is not None:
            path.append(node)
            node = left.pop(node.parent, None) if node.parent else None
        return path[::-1]

    def siblings(self, turn: UUID) -> list[UUID]:
        """The turns that follow what ``turn`` follows, with itself, oldest first."""
        return self._below[self.nodes[turn].parent]


def tree_of(conversation: Conversation) -> Tree:
    """The tree of ``conversation``. One query."""
    rows = conversation.turns.order_by("started")
    return Tree(starmap(Node, rows.values_list("id", "parent_id", "status", "client_id")))
