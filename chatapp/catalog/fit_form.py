"""The form that asks whether a model fits, and the answer in words."""

from dataclasses import asdict
from typing import Any

from django import forms

from chatapp.backends.facts import Facts, Shape
from chatapp.catalog.fields import Billions
from chatapp.catalog.fit import BITS, CACHE_BITS, Need, Use, need, weights_size
from chatapp.catalog.traits import Traits
from chatapp.catalog.words import size

GB = 10**9
USUAL_MEMORY = 24
SHAPE = ("layers", "kv_heads", "key", "value", "latent", "window", "full_every")


def whole(label: str, most: int, least: int = 0, *, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=required)


class FitForm(forms.Form):
    """What the memory follows from; what the server tells stands in it already."""

    people = whole("People at once", 100_000, least=1)
    context = whole("Tokens of context each", 10_000_000, least=1)
    memory = forms.DecimalField(label="Memory to fit into, in GB", min_value=0, max_value=100_000)
    quantization = forms.ChoiceField(label="Weights", required=False)
    cache = forms.ChoiceField(label="Contexts kept as", choices=[(n, n) for n in CACHE_BITS])
    parameters = Billions(label="Parameters, in billions")
    layers = whole("Layers", 1_000, required=False)
    kv_heads = whole("Key-value heads", 1_000, required=False)
    key = whole("Length of a key", 10_000, required=False)
    value = whole("Length of a value", 10_000, required=False)
    latent = whole("Latent numbers a token, instead", 100_000, required=False)
    window = whole("Sliding window, in tokens", 1_000_000, required=False)
    full_every = whole("Of how many layers one sees all", 1_000, least=1, required=False)

    def __init__(self, data: Any, model: Traits, facts: Facts, use: Use) -> None:
        """``data`` is what was sent, None for the figures of the site in ``use``."""
        self.facts = facts
        first = {
            "people": use.people,
            "context": use.context,
            "memory": USUAL_MEMORY,
            "quantization": "" if facts.bytes else "Q4_K_M",
            "cache": "F16",
            "parameters": model.parameters and round(model.parameters / GB, 3),
            **(asdict(facts.shape) if facts.shape else {}),
        }
        super().__init__(first if data is None else data, initial=first)
        self.label_suffix = ""
        own = [("", f"As they are, {size(facts.bytes)}")] if facts.bytes else []
        weights: Any = self.fields["quantization"]
        weights.choices = [*own, *((name, f"{name}, {bits:g} bits") for name, bits in BITS.items())]

    @property
    def shape_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in SHAPE]

    def need(self) -> Need | None:
        """None where something that it follows from is missing."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        weights = self._weights()
        shape = Shape(**{name: given[name] or 0 for name in SHAPE[:-1]})
        keeps = shape.latent or (shape.kv_heads and shape.key and shape.value)
        if not weights or not shape.layers or not keeps:
            return None
        every = given["full_every"] or 1
        full = Shape(**{**asdict(shape), "full_every": every if shape.window else 1})
        use = Use(given["context"], given["people"], CACHE_BITS[given["cache"]])
        return need(weights, full, use)

    def _weights(self) -> int | None:
        quantization, parameters = (self.cleaned_data[n] for n in ("quantization", "parameters"))
        if not quantization:
            return self.facts.bytes
        return weights_size(parameters, BITS[quantization]) if parameters else None

    @property
    def verdict(self) -> "Verdict | None":
        found = self.need()
        return Verdict(found, self.cleaned_data) if found else None


class Verdict:
    """Whether it fits, in plain words."""

    def __init__(self, found: Need, given: dict[str, Any]) -> None:
        self._need = found
        self._memory: int = round(given["memory"] * GB)
        self._people: int = given["people"]
        self._context: int = given["context"]

    @property
    def fits(self) -> bool:
        return self._need.fits(self._memory)

    @property
    def title(self) -> str:
        memory = size(self._memory)
        if self.fits:
            return f"It fits into {memory}, with room for {people(self._room)} at once."
        if self._room:
            return f"It does not fit into {memory}: there is room for {people(self._room)} at once."
        return f"It does not fit into {memory}, not even for one person at a time."

    @property
    def sum(self) -> str:
        found = self._need
        each = f"{people(self._people)} at once with {self._context:,} tokens"
        return (
            f"It needs about {size(found.total)}: {size(found.weights)} for its weights,"
            f" {size(found.contexts)} for what is kept of {each}"
            f"{' each' if self._people > 1 else ''}, and a tenth of the whole for its server."
        )

    @property
    def _room(self) -> int:
        return self._need.room_for(self._memory)


def people(count: int) -> str:
    return "one person" if count == 1 else f"{count:,} people"
