"""What a server serves: found out from it, and remembered for a while."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from chatapp.backends.base import Backend, ServedModel
from chatapp.backends.errors import ModelMissing

FRESH_SECONDS = 30.0
# At least half of the context is the question's, its history's and its passages'.
ANSWER_SHARE = 2
UNTOLD_CONTEXT_TOKENS = 4096
"""Where neither the server nor an admin says how long a context is: what every chat model has."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model with its limits in its own tokens: ``answer_tokens`` are kept free for its answer,
    which may take up to ``answer_most`` where there is room. ``digest`` is what its server tells
    its weights by, "" where it tells nothing; ``demo`` says that it is the built-in demonstration
    model, ``sees`` that it takes images."""

    name: str
    digest: str
    demo: bool
    context_tokens: int
    answer_tokens: int
    answer_most: int
    sees: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a model is used: the limits are the most that is taken of what it has, None for all."""

    demo: bool
    context_tokens: int | None
    answer_tokens: int | None
    sees: bool = False


class Watch:
    """One server's list of models. Asks the server at most every FRESH_SECONDS; while one turn
    asks again, the others go on with what was known."""

    def __init__(self, backend: Backend, clock: Callable[[], float] = monotonic) -> None:
        self._backend = backend
        self._clock = clock
        self._known: tuple[float, tuple[ServedModel, ...]] | None = None
        self._asking = False

    async def served(self) -> tuple[ServedModel, ...]:
        """What is served. Raises BackendError if the server does not answer; a failure is not
        remembered."""
        if self._known is not None:
            since, served = self._known
            if self._asking or self._clock() - since <= FRESH_SECONDS:
                return served
        return await self.ask()

    @property
    def known(self) -> tuple[ServedModel, ...]:
        """What was served when the server was asked last."""
        return self._known[1] if self._known else ()

    async def ask(self) -> tuple[ServedModel, ...]:
        """What is served now. Raises BackendError."""
        self._asking = True
        try:
            served = await self._backend.served_models()
        finally:
            self._asking = False
        self._known = self._clock(), served
        return served


def fitting(served: tuple[ServedModel, ...], name: str) -> ServedModel | None:
    """The one of ``served`` that ``name`` means."""
    return next((model for model in served if fits(model.name, name)), None)


def named(served: tuple[ServedModel, ...], name: str) -> ServedModel:
    """The one of ``served`` that ``name`` means. Raises ModelMissing."""
    found = fitting(served, name)
    if found is None:
        names = ", ".join(model.name for model in served) or "none"
        raise ModelMissing(f"{name or 'any model'} is not served, but: {names}")
    return found


def limited(found: ServedModel, wanted: Wanted, *others: ServedModel) -> ModelChoice:
    """``found`` with limits that fit it, what is wanted, and ``others`` that may stand in."""
    told = [wanted.context_tokens, *(each.context_tokens for each in (found, *others))]
    context = min((tokens for tokens in told if tokens), default=UNTOLD_CONTEXT_TOKENS)
    most = min(wanted.answer_tokens or context, context)
    return ModelChoice(
        name=found.name,
        digest=found.identity[:100],
        demo=wanted.demo,
        context_tokens=context,
        answer_tokens=min(most, context // ANSWER_SHARE),
        answer_most=most,
        sees=wanted.sees,
    )


def fits(served: str, wanted: str) -> bool:
    """Whether ``served`` is meant by ``wanted``; Ollama adds ":latest" to a name without tag."""
    return not wanted or served in (wanted, f"{wanted}:latest")
