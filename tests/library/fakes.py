"""Engines of ingestion without servers: deterministic, and told when to fail."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from guardrails.verdict import Action, Decision, Failure, Finding, Subject, Verdict
from rag.embed import EmbeddingError
from rag.store import StoreError


@dataclass
class HashEmbedder:
    """The same text always has the same vector; the first ``broken`` calls fail."""

    name: str = "hash-8"
    dimensions: int = 8
    broken: int = 0
    texts: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.broken:
            self.broken -= 1
            raise EmbeddingError("The embedding model cannot be reached.")
        self.texts += texts
        return [unit(sha256(text.encode()).digest()[: self.dimensions]) for text in texts]


def unit(numbers: bytes) -> list[float]:
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return [number / length for number in numbers]


@dataclass
class MemoryStore:
    """A vector store in memory; while ``down``, every call raises."""

    indexes: dict[str, dict[str, Sequence[float]]] = field(default_factory=dict)
    down: bool = False

    def _index(self, index: str) -> dict[str, Sequence[float]]:
        if self.down:
            raise StoreError("The vector store cannot be reached.")
        return self.indexes.setdefault(index, {})

    def add(self, index: str, ids: Sequence[str], vectors: Sequence[Sequence[float]]) -> None:
        self._index(index).update(zip(ids, vectors, strict=True))

    def delete(self, index: str, ids: Sequence[str]) -> None:
        held = self._index(index)
        for each in ids:
            held.pop(each, None)

    def drop(self, index: str) -> None:
        self._index(index)
        del self.indexes[index]

    def missing(self, index: str, ids: Sequence[str]) -> set[str]:
        return set(ids) - set(self._index(index))

    @property
    def ids(self) -> set[str]:
        return {each for held in self.indexes.values() for each in held}


@dataclass
class WordGuard:
    """Blocks what holds a word of ``hostile`` and flags what holds one of ``odd``; while
    ``broken``, its judge gives no verdict."""

    hostile: tuple[str, ...] = ("ignore all previous instructions",)
    odd: tuple[str, ...] = ()
    broken: bool = False
    seen: list[str] = field(default_factory=list)

    async def check(self, subject: Subject) -> Decision:
        self.seen.append(subject.text)
        if self.broken:
            failure = Failure("words", "1", "The judge could not be reached.")
            return decision(subject, Action.BLOCK, failures=(failure,))
        if any(word in subject.text.lower() for word in self.hostile):
            return decision(subject, Action.BLOCK, Finding("INJECTION", 0.97))
        if any(word in subject.text.lower() for word in self.odd):
            return decision(subject, Action.FLAG, Finding("PERSONAL_DATA", 0.8))
        return decision(subject, Action.ALLOW)


def decision(
    subject: Subject,
    action: Action,
    *findings: Finding,
    failures: tuple[Failure, ...] = (),
) -> Decision:
    text = "" if action is Action.BLOCK else subject.text
    verdicts = () if failures else (Verdict("words", "1", findings),)
    return Decision(subject.stage, action, text, 1, findings, verdicts, failures)
