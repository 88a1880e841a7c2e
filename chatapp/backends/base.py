"""What a model backend is: one streaming method.

Errors are those of :mod:`chatapp.backends.errors`. Adapters close the request to the model when
the stream is closed, so that a stopped turn frees the model.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chatapp.backends.facts import UNKNOWN, Effort, Facts

MOST_TOKENS = 32_768
MOST_STOPS = 4
MOST_STOP_CHARS = 200
MOST_SEED = 2**31 - 1
"""Bounds that every adapter keeps, whatever it is asked for."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image as it is in its file. ``media_type`` is the one that its content was found to be,
    such as "image/png": adapters write it into what they send."""

    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Message:
    """``role`` is system, user or assistant. ``images`` belong to a user's words, and only models
    that see may be sent any: others refuse with CannotSee."""

    role: str
    content: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen, and texts before which the answer ends; ``top_p`` and ``seed`` of
    None are the server's to choose."""

    temperature: float = 0.2
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


USUAL = Sampling()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request to a model; token limits are counted in the model's own tokens.

    ``effort`` is how much it is to reason, None for as it does unasked. ``opened`` says that its
    template opens the reasoning, so that what it writes begins in the middle of it.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int = 512
    sampling: Sampling = USUAL
    context_tokens: int | None = None
    top_logprobs: int = 0
    effort: Effort | None = None
    opened: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer; ``logprobs`` maps candidate tokens to natural-log probabilities
    for the piece's first token, where the request asked for them and the server gives them."""

    text: str
    logprobs: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's reasoning, apart from the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of the stream. ``reason`` is "stop" or "length"; token counts where known."""

    reason: str
    prompt_tokens: int | None = None
    answer_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Others are before this request at its servers; ``position`` counts from 1."""

    position: int


@dataclass(frozen=True, slots=True)
class Loading:
    """The server loads the model first; ``seconds`` is how long that took before, if known."""

    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """It is these weights that answer, others than were announced (a pool may mix them)."""

    model: str
    digest: str


Notice = Waiting | Loading | Answering
"""What may come before the first piece of an answer."""
Delta = Notice | TextDelta | ReasoningDelta | Finished


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as its server names it. ``digest`` is of its weights, "" where the server tells
    none; ``revision`` is then whatever else it tells them by. ``context_tokens`` is what one
    request may have there."""

    name: str
    digest: str = ""
    context_tokens: int | None = None
    revision: str = ""
    facts: Facts = field(default=UNKNOWN, compare=False)

    @property
    def identity(self) -> str:
        """What tells these weights from others: the best that the server offers, or ""."""
        return self.digest or self.revision


@dataclass(frozen=True, slots=True)
class Pulled:
    """How far a server is with fetching a model: ``status`` in its own words, and the bytes of
    all the parts that it has named so far."""

    status: str
    completed: int
    total: int


class Puller(Protocol):
    """A server that fetches models by itself."""

    def pull(self, model: str) -> AsyncGenerator[Pulled, None]:
        """Fetch ``model``; closing the stream ends that, and what came is kept for the next
        time. Raises BackendError."""
        ...


class Answers(Protocol):
    """Whatever answers: a server, or several that stand in for one another."""

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Notices, then the answer's pieces, the last of them Finished. Raises BackendError."""
        ...


class Backend(Answers, Protocol):
    """A model server."""

    async def served_models(self) -> tuple[ServedModel, ...]:
        """What the server can answer with. Raises BackendError."""
        ...

    async def is_cold(self, model: str) -> bool:
        """Whether the server has yet to load ``model``; False where it does not tell. Raises
        BackendError."""
        ...
