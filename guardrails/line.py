"""A queue before the judges, so that a crowd waits for them and is not taken for their failure."""

import asyncio
from collections.abc import Hashable
from weakref import WeakKeyDictionary

from guardrails.verdict import Stage

AT_ONCE = 8
"""Checks of a kind that are made at once: enough to keep the judges busy, and so few that the
last of them is answered long before its time is over, on a busy machine too."""


class Line:
    """Lets ``places`` checks of a kind through at once in each event loop; the others wait in
    their order, and their judges' time begins when they are through."""

    def __init__(self, places: int = AT_ONCE) -> None:
        self._places = places
        self._by_loop: WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[Hashable, asyncio.Semaphore]
        ] = WeakKeyDictionary()

    def place(self, stage: Stage, *, first: bool = False) -> asyncio.Semaphore:
        """To be held while a check is made. A question stands behind other questions and never
        behind answers, and the ``first`` words of an answer never behind the rest of others."""
        kinds = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        if (stage, first) not in kinds:
            kinds[stage, first] = asyncio.Semaphore(self._places)
        return kinds[stage, first]
