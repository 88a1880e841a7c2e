"""Which collection holds a conversation's files, and how an answer draws on it."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID, uuid5

from rag.passage import Passage

FILES = UUID("0f1f3a55-2d0b-4c3b-9a9c-3a4f2f1f7a10")
"""Namespace of the ids of collections of files: they follow from the conversation, so that two
windows which attach the first file at once make one."""
SHARE = 3 / 5
"""How much of an answer's passages is for the conversation's own files. What somebody has just
attached is what they ask about, though the library may have words that come nearer."""


def attached_to(conversation: UUID) -> UUID:
    """Id of the collection of the files of ``conversation``, whether there is one or not."""
    return uuid5(FILES, str(conversation))


class Search(Protocol):
    """Finds passages, best first. Raises rag.passage.RagError."""

    def retrieve(
        self, question: str, collections: Sequence[str], limit: int
    ) -> tuple[Passage, ...]: ...


class OwnFirst:
    """Finds passages of ``own``, the collection of the conversation's files, before others'."""

    def __init__(self, search: Search, own: str) -> None:
        self._search = search
        self._own = own

    def retrieve(
        self, question: str, collections: Sequence[str], limit: int
    ) -> tuple[Passage, ...]:
        others = [each for each in collections if each != self._own]
        if len(others) == len(collections):
            return self._search.retrieve(question, collections, limit)
        share = max(1, round(limit * SHARE)) if others else limit
        own = self._search.retrieve(question, [self._own], share)
        left = limit - len(own) if others else 0
        return (*own, *self._search.retrieve(question, others, left)) if left else own
