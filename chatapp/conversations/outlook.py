"""What one socket knows of the conversation that it follows, and what is new in it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations import temporary
from chatapp.conversations.models import Conversation, Turn
from chatapp.conversations.tree import Node, Tree, tree_of

Frame = dict[str, Any]


@dataclass(slots=True)
class Outlook:
    """``title`` is None before the first look."""

    conversation: UUID
    title: str | None = None
    statuses: dict[UUID, str] = field(default_factory=dict)

    def look(self, person: User) -> list[Frame] | None:
        """Frames of docs/protocol.md that tell what is new to ``person``; None where the
        conversation is gone, or not theirs."""
        found = access.own_conversations(person).filter(id=self.conversation).first()
        if found is None:
            return None
        temporary.seen(found)
        tree = tree_of(found)
        frames = self._first(found, tree) if self.title is None else self._news(found, tree)
        self.title = found.title
        self.statuses = {node.id: node.status for node in tree.nodes.values()}
        return frames

    def _first(self, found: Conversation, tree: Tree) -> list[Frame]:
        turns = [
            {"turn": str(node.id), "parent": _name(node.parent), "status": node.status}
            for node in tree.nodes.values()
        ]
        return [{"type": "following", **self._about(), "title": found.title, "turns": turns}]

    def _news(self, found: Conversation, tree: Tree) -> list[Frame]:
        frames: list[Frame] = []
        if found.title != self.title:
            frames.append({"type": "renamed", **self._about(), "title": found.title})
        changed = [n for n in tree.nodes.values() if self.statuses.get(n.id) != n.status]
        new = [node.id for node in changed if node.id not in self.statuses]
        rows = found.turns.filter(id__in=new).only("question", "pictures") if new else ()
        asked = {row.id: row for row in rows}
        frames += [self._turn(node, asked.get(node.id)) for node in changed]
        return frames

    def _turn(self, node: Node, asked: Turn | None) -> Frame:
        """``asked`` is None for a turn that was told before."""
        told = {} if asked is None else {"question": asked.question, "images": asked.pictures}
        return {
            "type": "turn",
            **self._about(),
            "turn": str(node.id),
            "parent": _name(node.parent),
            "client_id": str(node.client_id),
            "status": node.status,
            **told,
        }

    def _about(self) -> Frame:
        return {"conversation": str(self.conversation)}


def _name(turn: UUID | None) -> str | None:
    return None if turn is None else str(turn)
