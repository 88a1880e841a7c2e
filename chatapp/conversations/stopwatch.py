"""How long a turn takes, measured from outside of it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from time import monotonic

from chatapp.backends.base import Answers, ChatRequest, Delta, ReasoningDelta, TextDelta
from chatapp.conversations.events import Text, Usage
from chatapp.conversations.verdicts import Output


class Stopwatch:
    """Runs from when it is made. ``context_tokens`` is how many the model holds."""

    def __init__(self, context_tokens: int, clock: Callable[[], float] = monotonic) -> None:
        self._context_tokens = context_tokens
        self._clock = clock
        self._began = clock()
        self._shown: float | None = None
        self._written_from: float | None = None
        self._written_until: float | None = None

    async def timed(self, events: AsyncGenerator[Output, None]) -> AsyncGenerator[Output, None]:
        """``events``, with their Usage completed."""
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Text) and self._shown is None:
                    self._shown = self._clock()
                yield self._completed(event) if isinstance(event, Usage) else event

    def _completed(self, usage: Usage) -> Usage:
        return replace(
            usage,
            context_tokens=self._context_tokens,
            first_text_ms=_between(self._began, self._shown),
            writing_ms=_between(self._written_from, self._written_until),
            total_ms=_between(self._began, self._clock()),
        )

    def over(self, backend: Answers) -> "Timed":
        """``backend``, measured while it writes."""
        return Timed(backend, self)

    async def write(self, stream: AsyncGenerator[Delta, None]) -> AsyncGenerator[Delta, None]:
        """``stream``, which starts the measure of writing anew: another server's is another."""
        self._written_from = self._written_until = None
        async with aclosing(stream):
            async for delta in stream:
                if isinstance(delta, TextDelta | ReasoningDelta):
                    self._written_until = self._clock()
                    self._written_from = self._written_from or self._written_until
                yield delta


class Timed:
    """Answers as ``backend`` does, under the eyes of ``watch``."""

    def __init__(self, backend: Answers, watch: Stopwatch) -> None:
        self._backend = backend
        self._watch = watch

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        return self._watch.write(self._backend.stream(request))


def _between(start: float | None, end: float | None) -> int | None:
    return None if start is None or end is None else round((end - start) * 1000)
