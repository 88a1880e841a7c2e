"""What a model can: as an admin says, else as its servers tell, else the least."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chatapp.backends.facts import LEVELS, SWITCH, UNKNOWN, Effort, Facts, from_json
from chatapp.catalog.licences import BY_KEY, Licence, recognised
from chatapp.catalog.models import LanguageModel, Reasoning, Serving

BILLION = 10**9
EFFORTS: dict[str, tuple[Effort, ...]] = {
    Reasoning.NEVER: (),
    Reasoning.ALWAYS: (Effort.ON,),
    Reasoning.SWITCH: SWITCH,
    Reasoning.LEVELS: LEVELS,
    Reasoning.ALL: (Effort.OFF, *LEVELS),
}


@dataclass(frozen=True, slots=True)
class Traits:
    """``sees`` says that it takes images, ``efforts`` how much it may be asked to reason, and
    ``effort`` how much it does where nobody asks, None for as it does unasked. ``opened`` as in
    :class:`chatapp.backends.base.ChatRequest`. Of its ``parameters``, ``active`` work on each
    token; None is what nobody tells."""

    sees: bool = False
    efforts: tuple[Effort, ...] = ()
    effort: Effort | None = None
    opened: bool = False
    licence: Licence | None = None
    parameters: int | None = None
    active: int | None = None

    def asked(self, wanted: Effort | None) -> Effort | None:
        """How much it is to reason: what is wanted, where it may be asked for that."""
        return wanted if wanted in self.efforts else self.effort


NO_TRAITS = Traits()


def traits_of(model: LanguageModel, facts: Facts) -> Traits:
    efforts = EFFORTS.get(model.reasoning, facts.efforts or ())
    effort = model.effort or facts.effort
    return Traits(
        sees=bool(facts.sees if model.sees is None else model.sees),
        efforts=efforts,
        effort=Effort(effort) if effort in efforts else None,
        opened=model.opened,
        licence=BY_KEY.get(model.licence) or recognised(facts.licence),
        parameters=model.parameters or facts.parameters,
        active=model.active_parameters or active_of(model.name),
    )


def active_of(name: str) -> int | None:
    """What the names of many mixtures of experts say, such as Qwen3-30B-A3B."""
    found = re.search(r"\bA(\d{1,3}(?:\.\d)?)B\b", name, re.I)
    return round(float(found[1]) * BILLION) if found else None


def facts_of(servings: Iterable[Serving]) -> Facts:
    """What the first of a model's servers that tells anything told last."""
    told = (from_json(serving.facts) for serving in servings)
    return next((facts for facts in told if facts != UNKNOWN), UNKNOWN)
