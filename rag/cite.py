"""Finds the marks by which an answer names its sources, "[1]", in text that comes in pieces.

A small state machine: the text passes unchanged, except that an end that may yet become a mark
("[", "[1") waits for the next piece, so that a mark is never shown half.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARK = re.compile(r"\[([1-9][0-9]{0,2})\]")
UNFINISHED = re.compile(r"\[(?:[1-9][0-9]{0,2})?$")


@dataclass(frozen=True, slots=True)
class Citation:
    """The text names source ``number``; ``at`` is the offset of its "[" in the whole text."""

    number: int
    at: int


class CitationFilter:
    """Feed it pieces of text, then flush it once. Marks of numbers over ``sources`` are text."""

    def __init__(self, sources: int) -> None:
        self.sources = sources
        self._held = ""
        self._at = 0

    def feed(self, piece: str) -> Iterator[str | Citation]:
        """The text that is sure by now, each mark in it followed by its citation."""
        text = self._held + piece
        unfinished = UNFINISHED.search(text)
        sure = unfinished.start() if unfinished else len(text)
        self._held = text[sure:]
        return self._cited(text[:sure])

    def flush(self) -> Iterator[str | Citation]:
        """What was still held, at the end of the text."""
        text, self._held = self._held, ""
        return self._cited(text)

    def _cited(self, text: str) -> Iterator[str | Citation]:
        # Worked out before anything is given, so that a caller who stops half-way loses nothing
        # but what it did not take.
        start, self._at = self._at, self._at + len(text)
        done = 0
        for mark in MARK.finditer(text):
            if int(mark[1]) <= self.sources:
                yield text[done : mark.end()]
                yield Citation(int(mark[1]), start + mark.start())
                done = mark.end()
        if done < len(text):
            yield text[done:]
