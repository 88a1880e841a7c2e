"""A model's stream in runs of one kind, so that text and reasoning are each judged as a whole."""

from collections.abc import AsyncGenerator

from chatapp.backends.base import Delta, Finished, Notice, ReasoningDelta, TextDelta
from chatapp.backends.errors import BackendError, Malformed

MOST_CHARS = 4_000_000
"""Far beyond what a model says at once: a server that takes no notice of our limits is left."""


class Runs:
    """Looks one piece ahead. Whoever owns the stream closes it."""

    def __init__(self, stream: AsyncGenerator[Delta, None]) -> None:
        self._stream = stream
        self._next: Delta | None = None
        self.broken: BackendError | None = None
        self._read = 0

    @property
    def kind(self) -> type[TextDelta | ReasoningDelta] | None:
        """What the run that comes next consists of; None when there is none."""
        coming = self._next
        return type(coming) if isinstance(coming, TextDelta | ReasoningDelta) else None

    @property
    def finished(self) -> Finished | None:
        """The stream's last message, once it is next."""
        return self._next if isinstance(self._next, Finished) else None

    async def advance(self) -> None:
        """Read the next piece. Raises BackendError, which is kept as ``broken``."""
        try:
            self._next = await anext(self._stream, None)
            self._count(self._next)
        except BackendError as error:
            self.broken = error
            raise

    def _count(self, delta: Delta | None) -> None:
        """Raises Malformed."""
        if isinstance(delta, TextDelta | ReasoningDelta):
            self._read += len(delta.text)
        if self._read > MOST_CHARS:
            raise Malformed(f"the answer is longer than {MOST_CHARS} characters")

    async def notices(self) -> AsyncGenerator[Notice, None]:
        """What comes before the first piece, which is next after that. Raises BackendError."""
        await self.advance()
        while isinstance(self._next, Notice):
            yield self._next
            await self.advance()

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The texts of the next run. Raises BackendError."""
        kind = self.kind
        while isinstance(self._next, TextDelta | ReasoningDelta) and self.kind is kind:
            yield self._next.text
            await self.advance()
