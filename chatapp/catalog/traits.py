"""What a model can: as an admin says, else as its servers tell, else the least."""

from collections.abc import Iterable
from dataclasses import dataclass

from chatapp.backends.facts import UNKNOWN, Facts, from_json
from chatapp.catalog.models import LanguageModel, Serving


@dataclass(frozen=True, slots=True)
class Traits:
    """``sees`` says that it takes images."""

    sees: bool = False


def traits_of(model: LanguageModel, facts: Facts) -> Traits:
    return Traits(sees=bool(facts.sees if model.sees is None else model.sees))


def facts_of(servings: Iterable[Serving]) -> Facts:
    """What the first of a model's servers that tells anything told last."""
    told = (from_json(serving.facts) for serving in servings)
    return next((facts for facts in told if facts != UNKNOWN), UNKNOWN)
