"""A token bucket: so many at once, so many a second for long."""

from collections.abc import Callable
from time import monotonic


class Bucket:
    """Holds at most ``burst`` tokens and gains ``rate`` of them a second."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = monotonic) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._now = now
        self._tokens = float(burst)
        self._filled = now()

    @property
    def left(self) -> float:
        """How many tokens there are."""
        now = self._now()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        return self._tokens

    def take(self) -> bool:
        """Take one token; False when there is none."""
        if self.left < 1:
            return False
        self._tokens -= 1
        return True
