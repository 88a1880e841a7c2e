"""A model that is offered and where it is served, as values."""

from dataclasses import dataclass, field
from uuid import UUID

from chatapp.catalog.traits import NO_TRAITS, Traits


@dataclass(frozen=True, slots=True)
class Address:
    """Where a model server is, and how many answers it makes at once (None: no limit).
    ``api_key`` is in no representation, so that no log has it."""

    id: UUID
    name: str
    kind: str
    url: str
    api_key: str = field(default="", repr=False)
    parallel: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One server of a model; ``name`` is the model's there, "" for whichever it names first.
    ``pin`` is the identity of the weights that it must have, "" for any."""

    address: Address
    name: str
    pin: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that is offered. ``context_tokens`` is the most to use, None for all that its
    server has; ``answer_tokens`` the longest answer, None for all that the context leaves room
    for. ``traits`` are what it can; ``withholds`` says that a server with other weights than
    pinned is not used."""

    id: UUID
    name: str
    demo: bool
    context_tokens: int | None
    answer_tokens: int | None
    places: tuple[Place, ...]
    withholds: bool = True
    traits: Traits = NO_TRAITS


NOTHING = Offer(UUID(int=0), "", demo=False, context_tokens=None, answer_tokens=0, places=())
