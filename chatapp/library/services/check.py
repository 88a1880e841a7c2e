"""The guard's look at a document: at its name, then at each of its pieces."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from guardrails.verdict import Action, Decision, Stage, Subject
from rag.passage import Piece

BATCH = 8
"""How many subjects are judged at once: more would only wait longer for the same judge, and
come nearer to its time limit."""


class Guard(Protocol):
    """What decides; :class:`guardrails.guard.Guard` is one."""

    async def check(self, subject: Subject) -> Decision: ...


class GuardUnavailable(Exception):
    """A judge gave no verdict, so that nothing may pass; ``decision`` says which and why."""

    def __init__(self, subject: Subject, decision: Decision) -> None:
        reasons = " ".join(failure.reason for failure in decision.failures)
        super().__init__(f"The guard could not check this document. {reasons}".strip())
        self.subject = subject
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Checked:
    """A subject with what was decided about it."""

    subject: Subject
    decision: Decision

    @property
    def blocked(self) -> bool:
        return self.decision.action is Action.BLOCK


def check_name(guard: Guard, name: str) -> Checked:
    """Raises GuardUnavailable."""
    return check(guard, [Subject(Stage.PASSAGE, name)])[0]


def check_pieces(guard: Guard, pieces: Sequence[Piece]) -> Iterator[list[Checked]]:
    """What was decided about each of ``pieces``, a batch at a time. Raises GuardUnavailable."""
    for start in range(0, len(pieces), BATCH):
        batch = pieces[start : start + BATCH]
        yield check(guard, [Subject(Stage.PASSAGE, shown(piece)) for piece in batch])


def shown(piece: Piece) -> str:
    """The piece as a model would be shown it."""
    return f"{piece.heading}\n{piece.text}" if piece.heading else piece.text


def check(guard: Guard, subjects: Sequence[Subject]) -> list[Checked]:
    decisions = asyncio.run(decide(guard, subjects))
    checked = [Checked(*pair) for pair in zip(subjects, decisions, strict=True)]
    for one in checked:
        if one.blocked and one.decision.failures and not one.decision.findings:
            raise GuardUnavailable(one.subject, one.decision)
    return checked


async def decide(guard: Guard, subjects: Sequence[Subject]) -> list[Decision]:
    return await asyncio.gather(*(guard.check(subject) for subject in subjects))
