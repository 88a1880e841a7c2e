"""Who runs next: short requests go before long ones, between any two texts."""

import threading
from contextlib import AbstractContextManager


class Turnstile:
    """Lets ``places`` threads through at once, and nobody who does not hurry while somebody who
    does is waiting: a question's embedding never stands behind a whole document's."""

    def __init__(self, places: int = 1) -> None:
        self._free = places
        self._hurrying = 0
        self._changed = threading.Condition()

    def enter(self, *, hurried: bool) -> None:
        """Wait for a place."""
        with self._changed:
            self._hurrying += hurried
            self._changed.wait_for(lambda: self._free and (hurried or not self._hurrying))
            self._hurrying -= hurried
            self._free -= 1

    def leave(self) -> None:
        """Give the place back."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()


class Gate(AbstractContextManager[None]):
    """A place at a turnstile, taken and given back as often as it is entered."""

    def __init__(self, turnstile: Turnstile, *, hurried: bool) -> None:
        self._turnstile = turnstile
        self._hurried = hurried

    def __enter__(self) -> None:
        self._turnstile.enter(hurried=self._hurried)

    def __exit__(self, *_: object) -> None:
        self._turnstile.leave()
