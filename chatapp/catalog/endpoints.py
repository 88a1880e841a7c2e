"""The model that people talk to: found out from its server, and remembered for a while."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from chatapp.backends.base import Backend, ServedModel
from chatapp.backends.errors import ModelMissing

FRESH_SECONDS = 30.0
# At least half of the context is the question's, its history's and its passages'.
ANSWER_SHARE = 2


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model with its limits in its own tokens; ``digest`` is "" where the server tells none.
    ``demo`` says that it is the built-in demonstration model."""

    name: str
    digest: str
    demo: bool
    context_tokens: int
    answer_tokens: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say: ``name`` of "" means whatever the server names first, and the
    limits are the most that is used of what the model has."""

    name: str
    demo: bool
    context_tokens: int
    answer_tokens: int


class Endpoint:
    """One model of one server. Asks the server at most every FRESH_SECONDS."""

    def __init__(
        self, backend: Backend, wanted: Wanted, clock: Callable[[], float] = monotonic
    ) -> None:
        self._backend = backend
        self._wanted = wanted
        self._clock = clock
        self._known: tuple[float, ModelChoice] | None = None

    async def current(self) -> ModelChoice:
        """The model. Raises BackendError if the server does not answer, ModelMissing if it does
        not serve that model; a failure is not remembered."""
        if self._known is None or self._clock() - self._known[0] > FRESH_SECONDS:
            choice = chosen(await self._backend.served_models(), self._wanted)
            self._known = self._clock(), choice
        return self._known[1]


def chosen(served: tuple[ServedModel, ...], wanted: Wanted) -> ModelChoice:
    """The wanted one of ``served``, with limits that fit both. Raises ModelMissing."""
    found = next((model for model in served if fits(model.name, wanted.name)), None)
    if found is None:
        names = ", ".join(model.name for model in served) or "none"
        raise ModelMissing(f"{wanted.name or 'any model'} is not served, but: {names}")
    context = min(found.context_tokens or wanted.context_tokens, wanted.context_tokens)
    answer = min(wanted.answer_tokens, context // ANSWER_SHARE)
    return ModelChoice(found.name, found.digest, wanted.demo, context, answer)


def fits(served: str, wanted: str) -> bool:
    """Whether ``served`` is meant by ``wanted``; Ollama adds ":latest" to a name without tag."""
    return not wanted or served in (wanted, f"{wanted}:latest")
