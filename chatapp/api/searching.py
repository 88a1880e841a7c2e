"""Passages for a query, without a model: found and judged as those that an answer is given."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from chatapp import wiring
from chatapp.api import shelves
from chatapp.api.errors import Invalid, Unavailable
from chatapp.api.keys import Caller
from chatapp.api.vetting import checked
from chatapp.conversations import record
from chatapp.conversations.verdicts import Decided
from chatapp.rows import in_rows
from guardrails.guard import Guard
from guardrails.verdict import Action, Decision, Stage, Subject
from rag.passage import Passage, RagError

AWAY = "Documents cannot be searched at the moment; try again in a minute."


@dataclass(frozen=True, slots=True)
class Wanted:
    """At most ``limit`` passages whose score is ``least`` or more."""

    queries: tuple[str, ...]
    limit: int
    least: float


async def search(caller: Caller, collection: UUID, wanted: Wanted) -> list[Passage]:
    """The best passages first. Raises NotFound and Forbidden, Invalid for a query that the guard
    blocks, and Unavailable."""
    await in_rows(shelves.readable, caller.person, collection)
    judging = _Judging(caller, await in_rows(wiring.guard))
    for decision in await judging.of(Stage.REQUEST, wanted.queries):
        if decision.action is Action.BLOCK:
            raise Invalid(decision.message, param="query", code="content_filter")
    found = await asyncio.to_thread(retrieved, str(collection), wanted)
    decisions = await judging.of(Stage.PASSAGE, [passage.text for passage in found])
    return [
        replace(passage, text=decision.text)
        for passage, decision in zip(found, decisions, strict=True)
        if decision.action is not Action.BLOCK
    ]


def retrieved(collection: str, wanted: Wanted) -> list[Passage]:
    """Of all queries together; a passage that several find has the best of its scores. Raises
    Unavailable."""
    best: dict[str, Passage] = {}
    try:
        for query in wanted.queries:
            for passage in wiring.retriever().retrieve(query, (collection,), wanted.limit):
                known = best.get(passage.vector_id)
                if known is None or known.score < passage.score:
                    best[passage.vector_id] = passage
    except RagError:
        raise Unavailable(AWAY) from None
    enough = [passage for passage in best.values() if passage.score >= wanted.least]
    return sorted(enough, key=lambda passage: -passage.score)[: wanted.limit]


class _Judging:
    """The guard over one search; what it decides is in the log before it is given."""

    def __init__(self, caller: Caller, guard: Guard) -> None:
        self._guard = guard
        self._where = caller.where(uuid4())

    async def of(self, stage: Stage, texts: Sequence[str]) -> list[Decision]:
        subjects = [Subject(stage, text) for text in texts]
        decisions = await checked(subjects, self._guard)
        for decision, subject in zip(decisions, subjects, strict=True):
            if not decision.is_plain_pass:
                await in_rows(record.decided, Decided(decision, subject), self._where)
        return decisions
