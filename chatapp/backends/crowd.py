"""Many streams at once: each is read less often, and what came meanwhile goes on as one piece.

A token that travels alone takes the whole way through a turn, the log and the sockets alone. At a
hundred streams of fifty tokens a second, two at a time halve what that costs, and a reader sees
no difference.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager

from chatapp.backends.base import Delta, ReasoningDelta, TextDelta
from chatapp.backends.errors import BackendError

MANY = 16
PAUSE_SECONDS = 0.035
"""No token waits longer for its neighbours; with the way through the process, nineteen of twenty
are there within 40 ms."""


class Crowd:
    """The streams of one server at this moment."""

    def __init__(self) -> None:
        self._size = 0

    @property
    def is_large(self) -> bool:
        return self._size >= MANY

    @asynccontextmanager
    async def member(self) -> AsyncGenerator[None, None]:
        """One stream more, while the block runs."""
        self._size += 1
        try:
            yield
        finally:
            self._size -= 1

    def together(self, deltas: Iterable[Delta]) -> Iterable[Delta]:
        """``deltas``, joined where the crowd is large."""
        return joined(deltas) if self.is_large else deltas

    async def pause(self) -> None:
        """Let more come before the stream is read again, where the crowd is large."""
        if self.is_large:
            await asyncio.sleep(PAUSE_SECONDS)


def joined(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """``deltas`` with neighbours of one kind as one. An error of theirs is raised after all that
    came before it."""
    held: Delta | None = None
    try:
        for delta in deltas:
            both = held and one_of(held, delta)
            if held and not both:
                yield held
            held = both or delta
    except BackendError:
        if held:
            yield held
        raise
    if held:
        yield held


def one_of(first: Delta, second: Delta) -> Delta | None:
    """Both as one piece; None where they are no two pieces of a kind. Probabilities are those of
    a piece's first token."""
    match first, second:
        case TextDelta(), TextDelta(logprobs=None):
            return TextDelta(first.text + second.text, first.logprobs)
        case ReasoningDelta(), ReasoningDelta():
            return ReasoningDelta(first.text + second.text)
        case _:
            return None
