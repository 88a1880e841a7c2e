"""An answer that goes on: what there is of it already, and the seam to what follows."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from chatapp.backends.errors import BackendError
from rag.passage import Passage

LONGEST_WORD = 40
LONGEST_REPEAT = 160
SHORTEST_REPEAT = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer of ``turn`` so far, and the passages that it was given, by their numbers; None
    where nothing was searched."""

    turn: str
    text: str
    passages: tuple[Passage, ...] | None


def whole_words(text: str) -> str:
    """``text`` without its last word, which may be half of one. A long run without a space, as in
    Chinese, is left as it is."""
    end = len(text)
    while end and not text[end - 1].isspace():
        end -= 1
    return text[:end] if end and len(text) - end <= LONGEST_WORD else text


async def beyond(kept: str, pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """What goes on from ``kept``: ``pieces`` without what models put at the seam, which are spaces
    that are there already, and the last words once more, or all of them. Small models begin
    anew."""
    head, broken = "", None
    async with aclosing(pieces):
        try:
            async for piece in pieces:
                head += piece
                if len(head) >= LONGEST_REPEAT and not kept.startswith(head.lstrip()):
                    break
        except BackendError as error:
            broken = error
        yield _at_seam(kept, head)
        if broken:
            raise broken
        async for piece in pieces:
            yield piece


def _at_seam(kept: str, head: str) -> str:
    if kept[-1:].isspace():
        head = head.lstrip("\n" if kept.endswith("\n") else None)
    if len(kept) >= SHORTEST_REPEAT and head.lstrip().startswith(kept):
        return head.lstrip()[len(kept) :]
    most = min(len(head), LONGEST_REPEAT)
    repeats = (n for n in range(most, SHORTEST_REPEAT - 1, -1) if kept.endswith(head[:n]))
    return head[next(repeats, 0) :]
