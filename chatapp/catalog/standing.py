"""How servers and models stand, in the words and marks that pages show."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db.models import Prefetch, QuerySet

from chatapp.backends.base import ServedModel
from chatapp.backends.facts import Facts
from chatapp.catalog import words
from chatapp.catalog.fit import USUAL_CONTEXT, Use, need
from chatapp.catalog.licences import Kind
from chatapp.catalog.models import (
    Endpoint,
    LanguageModel,
    Look,
    OnChange,
    Pull,
    PullState,
    Serving,
)
from chatapp.catalog.traits import Traits, facts_of, traits_of

SHOWN_LOOKS = 60
SHOWN_PULLS = 5
TONES = {Kind.OPEN_SOURCE: "pass", Kind.OPEN_WEIGHTS: "info", Kind.RESTRICTED: "block"}
BAR_STEP = 4
BAR_HEIGHT = 24
SLOW_MILLISECONDS = 1000
"""A look that takes so long fills the sparkline's height."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One look in the sparkline, in its units; ``well`` says that the server answered."""

    x: int
    y: int
    height: int
    well: bool


@dataclass(frozen=True, slots=True)
class Health:
    """``latest`` is None before the first look; ``bars`` are the latest looks, oldest first."""

    latest: Look | None
    bars: tuple[Bar, ...]
    failed: int

    @property
    def width(self) -> int:
        return max(1, len(self.bars)) * BAR_STEP

    @property
    def words(self) -> str:
        """The sparkline in words."""
        if not self.bars:
            return "No look yet"
        return f"{len(self.bars) - self.failed} of the last {len(self.bars)} looks were answered"


@dataclass(frozen=True, slots=True)
class PlaceStanding:
    """One server of a model. ``tone`` is pass, flag, block or "" for a badge with ``words``."""

    serving: Serving
    tone: str
    icon: str
    words: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A model with its groups and servers; ``first`` says that it answers where none is chosen,
    ``facts`` are what its servers tell, and ``traits`` what holds of it."""

    model: LanguageModel
    groups: tuple[Group, ...]
    places: tuple[PlaceStanding, ...]
    first: bool
    facts: Facts
    traits: Traits

    @property
    def use(self) -> Use:
        """How this site uses it: as many at once as one of its servers answers."""
        limits = [place.serving.endpoint.parallel for place in self.places]
        people = max((limit for limit in limits if limit), default=1)
        context = self.model.context_tokens or self.facts.context_tokens or USUAL_CONTEXT
        return Use(context, people)

    @property
    def figures(self) -> list[tuple[str, str]]:
        told = words.figures(self.traits, self.facts, self.model.context_tokens)
        if not self.facts.bytes or not self.facts.shape:
            return told
        found = need(self.facts.bytes, self.facts.shape, self.use)
        return [*told, ("Memory", words.memory(found, self.use))]

    @property
    def licence_tone(self) -> str:
        """For a badge with the kind of its licence."""
        kind = self.traits.licence and self.traits.licence.kind
        return TONES.get(kind, "") if kind else ""


@dataclass(frozen=True, slots=True)
class ServedHere:
    """A model that a server serves, and which of the offered ones it is there."""

    served: ServedModel
    offered: tuple[LanguageModel, ...]


def health_of(endpoint: Endpoint) -> Health:
    """One query."""
    looks = list(endpoint.looks.all()[:SHOWN_LOOKS])
    bars = tuple(_bar(number, look) for number, look in enumerate(reversed(looks)))
    return Health(looks[0] if looks else None, bars, sum(not bar.well for bar in bars))


def _bar(number: int, look: Look) -> Bar:
    share = min(1.0, look.milliseconds / SLOW_MILLISECONDS)
    height = BAR_HEIGHT if look.trouble else max(3, round(share * BAR_HEIGHT))
    return Bar(number * BAR_STEP, BAR_HEIGHT - height, height, well=not look.trouble)


def offered(models: QuerySet[LanguageModel]) -> list[Offered]:
    """Each of ``models`` as it stands. Three queries."""
    servings = Prefetch("servings", Serving.objects.select_related("endpoint"))
    groups = Prefetch("groups", Group.objects.order_by("name"))
    rows = list(models.prefetch_related(servings, groups))
    first = LanguageModel.objects.filter(enabled=True, servings__isnull=False).first()
    return [
        Offered(
            model=row,
            groups=tuple(row.groups.all()),
            places=tuple(place_standing(serving, row) for serving in row.servings.all()),
            first=first is not None and row.pk == first.pk,
            facts=facts,
            traits=traits_of(row, facts),
        )
        for row, facts in ((row, facts_of(row.servings.all())) for row in rows)
    ]


def place_standing(serving: Serving, model: LanguageModel) -> PlaceStanding:
    if serving.changed:
        withheld = model.on_change == OnChange.WITHHOLD
        words = "Other weights: withheld" if withheld else "Other weights: still used"
        return PlaceStanding(serving, "block" if withheld else "flag", "triangle-alert", words)
    if serving.missing:
        return PlaceStanding(serving, "block", "circle-alert", "Not served any more")
    if serving.looked is None and not serving.found:
        return PlaceStanding(serving, "", "clock", "Not seen yet")
    if serving.pin and serving.found:
        return PlaceStanding(serving, "pass", "lock", "As pinned")
    why = "Its server names no weights" if serving.name else "Whichever its server names first"
    return PlaceStanding(serving, "flag", "info", f"Not pinned: {why.lower()}")


@dataclass(frozen=True, slots=True)
class PullStanding:
    """``tone`` and ``icon`` are of a badge, ``words`` say how far it is."""

    pull: Pull
    tone: str
    icon: str
    words: str


PULL_MARKS = {
    PullState.QUEUED: ("", "clock"),
    PullState.RUNNING: ("info", "download"),
    PullState.DONE: ("pass", "circle-check"),
    PullState.FAILED: ("block", "circle-alert"),
    PullState.CANCELLED: ("", "x"),
}


def pulls_of(endpoint: Endpoint) -> list[PullStanding]:
    """The latest, newest first. One query."""
    rows = endpoint.pulls.all()[:SHOWN_PULLS]
    return [PullStanding(row, *PULL_MARKS[PullState(row.state)], words.pulled(row)) for row in rows]


def served_here(endpoint: Endpoint, served: Sequence[ServedModel]) -> list[ServedHere]:
    """What a server serves, with the models that are offered by it. One query."""
    rows = endpoint.servings.select_related("model")
    by_name: dict[str, list[LanguageModel]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row.model)
    return [ServedHere(each, tuple(by_name.get(each.name, ()))) for each in served]
