"""What happens in a turn: one closed vocabulary for the socket, the log, rows and tests.

Each event is a frozen dataclass. On the wire it is a JSON object whose ``type`` is the class's
name in snake case, with the fields beside it; ``docs/protocol.md`` describes each.
"""

from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Started:
    """The turn began. ``demo`` says that the model is the built-in demonstration model;
    ``digest`` is "" where the model's server tells none."""

    question: str
    model: str
    demo: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Continued:
    """The answer goes on from that of another ``turn``: it begins with ``text``, which was judged
    and shown there."""

    turn: str
    text: str


@dataclass(frozen=True, slots=True)
class Searching:
    """Retrieval began in this many collections."""

    collections: int


@dataclass(frozen=True, slots=True)
class Queued:
    """The model is busy; ``position`` counts from 1."""

    position: int


@dataclass(frozen=True, slots=True)
class Loading:
    """The model is being loaded; ``seconds`` is an estimate, where there is one."""

    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """These weights answer, others than Started named: another server's of the same model."""

    model: str
    digest: str


@dataclass(frozen=True, slots=True)
class Retried:
    """A server failed before anything was shown, and another is asked, or the only one once more;
    ``reason`` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class SourceRef:
    """One numbered source. Its words are fetched by number, through the access rules."""

    number: int
    title: str
    heading: str
    page: int | None
    collection: str
    vector_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Passages:
    """The sources that the answer is given."""

    sources: tuple[SourceRef, ...]


@dataclass(frozen=True, slots=True)
class Compacting:
    """The model sums up so many earlier turns first, for which its context has no room."""

    turns: int


@dataclass(frozen=True, slots=True)
class Compacted:
    """The model is told ``text`` instead of the earlier ``turns``, oldest first."""

    turns: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The model is not told all: its context has no room for the earlier ``turns``, oldest first,
    nor for so many ``passages`` that were found."""

    turns: tuple[str, ...]
    passages: int = 0


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of judged reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the judged answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """The answer names source ``number``; ``at`` is the mark's offset in its released text."""

    number: int
    at: int


@dataclass(frozen=True, slots=True)
class CategoryScore:
    category: str
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Judged:
    """The guard decided about something. Plain passes are sent once per stage; everything else
    each time. ``failures`` are sentences: judges that gave no verdict, which counts as unsafe."""

    stage: str
    action: str
    categories: tuple[CategoryScore, ...]
    policy_version: int
    judges: tuple[str, ...]
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """Text was kept back here; ``message`` says why, in plain words."""

    stage: str
    message: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the answer took. Tokens are as the model's server counts, thoughts among the answer's;
    ``context_tokens`` is how many the model holds. Milliseconds: from the start of the turn to the
    first words of the answer, that the model wrote, and of the turn. None where unknown."""

    prompt_tokens: int | None
    answer_tokens: int | None
    context_tokens: int | None = None
    first_text_ms: int | None = None
    writing_ms: int | None = None
    total_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The turn is over. ``status`` is one of the final statuses of a turn; ``reason`` is a
    sentence that says why, always where it is not "done"."""

    status: str
    reason: str = ""


Event = (
    Started
    | Continued
    | Searching
    | Queued
    | Loading
    | Answering
    | Retried
    | Passages
    | Compacting
    | Compacted
    | LeftOut
    | Reasoning
    | Text
    | Cited
    | Judged
    | Withheld
    | Usage
    | Ended
)
KINDS: dict[str, type[Event]] = {
    "started": Started,
    "continued": Continued,
    "searching": Searching,
    "queued": Queued,
    "loading": Loading,
    "answering": Answering,
    "retried": Retried,
    "passages": Passages,
    "compacting": Compacting,
    "compacted": Compacted,
    "left_out": LeftOut,
    "reasoning": Reasoning,
    "text": Text,
    "cited": Cited,
    "judged": Judged,
    "withheld": Withheld,
    "usage": Usage,
    "ended": Ended,
}
NAMES = {kind: name for name, kind in KINDS.items()}
FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in NAMES}
NESTED = {(Passages, "sources"): SourceRef, (Judged, "categories"): CategoryScore}


def to_wire(event: Event) -> dict[str, Any]:
    """The event as a JSON object."""
    return {"type": NAMES[type(event)], **asdict(event)}


@lru_cache(maxsize=4096)
def encode(event: Event) -> bytes:
    """The JSON of :func:`to_wire`, made once for the log and all who follow."""
    kind = type(event)
    return orjson.dumps(
        {"type": NAMES[kind]} | {name: getattr(event, name) for name in FIELDS[kind]}
    )


def from_wire(frame: dict[str, Any]) -> Event:
    """The event that :func:`to_wire` made ``frame`` from.

    Raises KeyError for an unknown type and TypeError for wrong fields.
    """
    kind = KINDS[frame["type"]]
    values = {f.name: frame[f.name] for f in fields(kind) if f.name in frame}
    for name, value in values.items():
        nested = NESTED.get((kind, name))
        if nested:
            values[name] = tuple(nested(**item) for item in value)
        elif isinstance(value, list):
            values[name] = tuple(value)
    return kind(**values)
