"""Reasoning that a model writes into its answer, between ``<think>`` tags, split off.

Servers with a reasoning parser send it apart; without one, the tags of DeepSeek's and Qwen's
models arrive as text. Only a block before the answer's first word counts: a tag that an answer
speaks about stays text. The templates of DeepSeek R1 and of Qwen's thinking models end with the
opening tag, so that only the closing one arrives.
"""

from collections.abc import Iterator

from chatapp.backends.base import ReasoningDelta, TextDelta

OPEN, CLOSE = "<think>", "</think>"


class ThinkSplitter:
    """A state machine that holds back what may yet become a tag; ``opened`` says that the first
    block was opened before the first word."""

    def __init__(self, *, opened: bool = False) -> None:
        self._held = ""
        self._opened = opened
        self._thinking = False
        self._has_thought = False
        self._answering = False

    def feed(self, text: str) -> Iterator[TextDelta | ReasoningDelta]:
        """What ``text`` makes certain."""
        self._held += text
        before = 0
        while self._held and len(self._held) != before:
            before = len(self._held)
            yield from self._think() if self._thinking else self._begin()

    def was_apart(self) -> None:
        """The server sends the reasoning apart, so that its text begins with the answer."""
        self._opened = False

    def finish(self) -> Iterator[TextDelta | ReasoningDelta]:
        """What was held back when the answer ended."""
        held, self._held = self._held, ""
        if held:
            yield ReasoningDelta(held) if self._thinking or self._opened else TextDelta(held)

    def _begin(self) -> Iterator[TextDelta | ReasoningDelta]:
        text = self._held.lstrip()
        if not self._answering and text.startswith(OPEN):
            self._held = text.removeprefix(OPEN)
            self._thinking = self._has_thought = True
            self._opened = False
        elif self._opened and not OPEN.startswith(text):
            self._thinking = self._has_thought = True
            self._opened = False
            yield from self._think()
        elif self._answering or not OPEN.startswith(text):
            # Space before the first word is the model's own, unless a block came before it.
            released = self._held if self._answering or not self._has_thought else text
            self._held, self._answering = "", True
            yield TextDelta(released)

    def _think(self) -> Iterator[TextDelta | ReasoningDelta]:
        reasoning, closed, rest = self._held.partition(CLOSE)
        if not closed:
            certain = len(reasoning) - tail(reasoning, CLOSE)
            reasoning, rest = reasoning[:certain], reasoning[certain:]
        self._held = rest
        self._thinking = not closed
        if reasoning:
            yield ReasoningDelta(reasoning)


def tail(text: str, tag: str) -> int:
    """How many of ``text``'s last characters may be the beginning of ``tag``."""
    longest = min(len(text), len(tag) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(tag[:size])), 0)
