"""Who runs next: short requests before long ones, between any two texts, and in their order."""

import threading
from collections import deque
from contextlib import AbstractContextManager


class Turnstile:
    """Lets ``places`` threads through at once, and nobody who does not hurry while somebody who
    does is waiting: a question's embedding never stands behind a whole document's. Among equals
    whoever came first goes first, so that nobody waits for ever."""

    def __init__(self, places: int = 1) -> None:
        self._free = places  # nobody waits while there are any
        self._lock = threading.Lock()
        self._hurried: deque[threading.Event] = deque()
        self._others: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many stand before it."""
        return len(self._hurried) + len(self._others)

    def enter(self, *, hurried: bool) -> None:
        """Wait for a place."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            (self._hurried if hurried else self._others).append(turn)
        turn.wait()

    def leave(self) -> None:
        """Hand the place to whoever is next."""
        with self._lock:
            line = self._hurried or self._others
            if line:
                line.popleft().set()
            else:
                self._free += 1


class Gate(AbstractContextManager[None]):
    """A place at a turnstile, taken and given back as often as it is entered."""

    def __init__(self, turnstile: Turnstile, *, hurried: bool) -> None:
        self._turnstile = turnstile
        self._hurried = hurried

    def __enter__(self) -> None:
        self._turnstile.enter(hurried=self._hurried)

    def __exit__(self, *_: object) -> None:
        self._turnstile.leave()
