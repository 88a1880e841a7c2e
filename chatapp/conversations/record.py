"""Turns' rows: the only code that writes what happened in a turn.

A plain turn is two writes: :func:`chatapp.conversations.services.ask` makes the row and
:func:`finish` ends it. A decision of the guard is written when it is made and before anything that
follows from it is shown, so that neither a crash nor a refused write loses it.
"""

from dataclasses import asdict, dataclass, replace
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chatapp.conversations.events import (
    Answering,
    Cited,
    Compacted,
    Continued,
    Ended,
    Event,
    Judged,
    LeftOut,
    Passages,
    Reasoning,
    Retried,
    SourceRef,
    Started,
    Text,
    Usage,
    Withheld,
    to_wire,
)
from chatapp.conversations.index import index_title, index_turn
from chatapp.conversations.models import Conversation, Source, Status, Turn
from chatapp.conversations.titles import title_of
from chatapp.conversations.verdicts import Decided
from chatapp.library.models import Chunk
from chatapp.moderation.services import Where, record_decision
from guardrails.verdict import Action, Stage

Noted = Cited | Judged | LeftOut | Retried | Withheld
"""What a row keeps as it was told."""


class Fold:
    """Folds a turn's events, in order, into what its row says."""

    def __init__(self) -> None:
        self._started = Started("", "")
        self._answer: list[str] = []
        self._reasoning: list[str] = []
        self._trace: list[Noted] = []
        self._sources: tuple[SourceRef, ...] = ()
        self._usage = Usage(None, None)
        self._compacted: Compacted | None = None

    def add(self, event: Event) -> None:
        match event:
            case Started():
                self._started = event
            case Continued(_, text):
                self._answer = [text]
            case Text(text):
                self._answer.append(text)
            case Reasoning(text):
                self._reasoning.append(text)
            case Passages(sources):
                self._sources = sources
            case Usage():
                self._usage = event
            case Compacted():
                self._compacted = event
            case Answering(model, digest):
                self._started = replace(self._started, model=model, digest=digest)
            case Cited() | Judged() | LeftOut() | Withheld() | Retried():
                self._trace.append(event)
            case _:
                pass

    def outcome(self, ended: Ended) -> "Outcome":
        """What there is to write when the turn ends with ``ended``."""
        return Outcome(
            started=self._started,
            answer="".join(self._answer),
            reasoning="".join(self._reasoning),
            sources=self._sources,
            usage=self._usage,
            trace=tuple(self._trace),
            compacted=self._compacted,
            ended=ended,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a turn's row is told at its end."""

    started: Started
    answer: str
    reasoning: str
    sources: tuple[SourceRef, ...]
    usage: Usage
    trace: tuple[Noted, ...]
    compacted: Compacted | None
    ended: Ended


def decided(made: Decided, where: Where) -> None:
    """Write one decision to the moderation log. A question that was redacted stands in its turn
    as the model was given it, and so does the title that was made of it: no later question tells
    the model what was removed, and no list, search or export shows it again."""
    decision = made.decision
    with transaction.atomic():
        record_decision(decision, made.subject, where)
        redacted = decision.stage is Stage.REQUEST and decision.action is Action.REDACT
        if redacted and where.turn_id:
            _rewrite(where.turn_id, storable(decision.text))


def _rewrite(turn: UUID, question: str) -> None:
    row = Turn.objects.filter(id=turn).select_related("conversation").first()
    if row is None:
        return
    about, before = row.conversation, title_of(row.question)
    Turn.objects.filter(id=turn).update(question=question)
    called = Conversation.objects.filter(id=about.id, title=before)
    about.title = title_of(question)
    if about.title != before and called.update(title=about.title):
        index_title(about)


def finish(turn: UUID, outcome: Outcome) -> bool:
    """End the row of ``turn``; False, and nothing written, when it has ended or is gone."""
    with transaction.atomic():
        running = Turn.objects.filter(id=turn, status=Status.RUNNING)
        if not running.update(**_values(outcome)):
            return False
        Conversation.objects.filter(turns=turn).update(updated=timezone.now())
        Source.objects.bulk_create(_sources(turn, outcome.sources))
        index_turn(turn)
    return True


def _values(outcome: Outcome) -> dict[str, object]:
    started, judged = outcome.started, [e for e in outcome.trace if isinstance(e, Judged)]
    return {
        "status": outcome.ended.status,
        "reason": outcome.ended.reason[:500],
        "answer": storable(outcome.answer),
        "reasoning": storable(outcome.reasoning),
        "model_name": started.model[:200],
        "model_digest": started.digest[:100],
        "demo": started.demo,
        "policy_version": judged[-1].policy_version if judged else 0,
        "guard": ", ".join(judged[-1].judges)[:200] if judged else "",
        **asdict(outcome.usage),
        "compacted": outcome.compacted and to_wire(outcome.compacted),
        "trace": [to_wire(event) for event in outcome.trace],
        "ended": timezone.now(),
    }


def _sources(turn: UUID, refs: tuple[SourceRef, ...]) -> list[Source]:
    wanted = Q(pk__in=())
    for ref in refs:
        document, _, ordinal = ref.vector_id.rpartition(":")
        wanted |= Q(document_id=document, ordinal=ordinal)
    found = Chunk.objects.filter(wanted).only("document_id", "ordinal") if refs else ()
    chunks = {chunk.vector_id: chunk for chunk in found}
    return [
        Source(
            turn_id=turn,
            number=ref.number,
            chunk=chunks.get(ref.vector_id),
            title=ref.title[:255],
            page=ref.page,
            score=ref.score,
        )
        for ref in refs
    ]


def storable(text: str) -> str:
    """``text`` without NUL, which PostgreSQL refuses and a model can write."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
