"""A queue before the judges, so that a crowd waits for them and is not taken for their failure."""

import asyncio
from weakref import WeakKeyDictionary

AT_ONCE = 32
"""Checks that are made at once: enough to keep a server of judges busy, and few enough that the
last of them is answered long before its time is over."""


class Line:
    """Lets ``places`` checks through at once in each event loop; the others wait in their order,
    and their judges' time begins when they are through."""

    def __init__(self, places: int = AT_ONCE) -> None:
        self._places = places
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    def place(self) -> asyncio.Semaphore:
        """To be held while a check is made."""
        loop = asyncio.get_running_loop()
        found = self._by_loop.get(loop)
        if found is None:
            found = self._by_loop[loop] = asyncio.Semaphore(self._places)
        return found
