"""The models that a person may choose from, and why one of them cannot answer just now."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from chatapp.catalog.models import LanguageModel, Look, OnChange, Serving
from chatapp.catalog.traits import facts_of, traits_of


class State(StrEnum):
    """How a model stands, the best first: it is as well as the best of its servers."""

    READY = "ready"
    LOADING = "loading"
    AWAY = "away"
    MISSING = "missing"
    WITHHELD = "withheld"


ORDER = list(State)
WHY = {
    State.READY: "",
    State.LOADING: "Its server is loading it: the answer waits for that.",
    State.AWAY: "Its server does not answer at the moment.",
    State.MISSING: "Its server does not have it any more. An admin has to look at it.",
    State.WITHHELD: "It was changed on its server; an admin has to look at it first.",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One model to choose; ``note`` is a sentence where ``state`` is not ready. ``sees`` says
    that it takes images, ``efforts`` how much it may be asked to reason and ``effort`` how much it
    does unasked, "" where only it knows."""

    id: UUID
    name: str
    demo: bool
    state: State
    note: str
    sees: bool = False
    efforts: tuple[str, ...] = ()
    effort: str = ""

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "id": str(self.id), "efforts": list(self.efforts)}


def choices_of(models: QuerySet[LanguageModel]) -> list[Choice]:
    """``models`` in their order, each as the last look at its servers saw it. Two queries."""
    latest = Look.objects.filter(endpoint=OuterRef("endpoint")).order_by("-at")
    servings = Serving.objects.annotate(
        trouble=Subquery(latest.values("trouble")[:1]),
        loading=Subquery(latest.values("loading")[:1]),
    )
    return [_choice(row) for row in models.prefetch_related(Prefetch("servings", servings))]


def _choice(row: LanguageModel) -> Choice:
    servings = row.servings.all()
    state = best(_state(serving, row) for serving in servings)
    traits = traits_of(row, facts_of(servings))
    return Choice(
        id=row.pk,
        name=row.name,
        demo=row.demo,
        state=state,
        note=WHY[state],
        sees=traits.sees,
        efforts=traits.efforts,
        effort=traits.effort or "",
    )


def best(states: Iterable[State]) -> State:
    return min(states, key=ORDER.index, default=State.MISSING)


def _state(serving: Any, model: LanguageModel) -> State:
    """As rows tell it: ``serving`` comes with the last look at its server, and one that nobody
    has looked at yet is taken to be well."""
    if serving.changed and model.on_change == OnChange.WITHHOLD:
        return State.WITHHELD
    if serving.missing:
        return State.MISSING
    if serving.loading:
        return State.LOADING
    return State.AWAY if serving.trouble else State.READY
