"""Work on rows from an event loop: in a few threads, each of which keeps its connection.

``database_sync_to_async`` opens a connection for each piece of work and closes it again. With
SQLite both take longer than the work: Django registers a hundred functions with every connection,
and closing the last one folds the write-ahead log into the file.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from django.db import connection, connections

THREADS = 2
"""More would take turns with the event loop, whose streams would stumble."""
IDLE_SECONDS = 1.0
"""A connection that was unused for longer is asked whether its server still knows it."""
Given = ParamSpec("Given")
Result = TypeVar("Result")


class Clerks:
    """The threads of one event loop, which work until :meth:`close`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"rows-{number}", daemon=True)
            for number in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def give(self, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        """What comes of ``work``. Whoever stops waiting does not stop the work."""
        future: asyncio.Future[Result] = self._loop.create_future()

        def do() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001  it is raised where the result is awaited
                self._soon(fail, future, error)
            else:
                self._soon(succeed, future, result)

        self._work.put(do)
        return future

    def close(self) -> None:
        """Finish what was given, and close the connections."""
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def _soon(self, settle: Callable[..., None], *args: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(settle, *args)

    def _serve(self) -> None:
        used = monotonic()
        try:
            while (work := self._work.get()) is not None:
                mend(monotonic() - used)
                work()
                used = monotonic()
        finally:
            connections.close_all()


def succeed(future: "asyncio.Future[Result]", result: Result) -> None:
    if not future.done():  # or nobody waits any more
        future.set_result(result)


def fail(future: "asyncio.Future[Result]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


def mend(idle: float) -> None:
    """Drop this thread's connection where it broke, or was lost in ``idle`` seconds of rest."""
    if connection.connection is None or not (connection.errors_occurred or idle > IDLE_SECONDS):
        return
    if connection.is_usable():
        connection.errors_occurred = False
    else:
        connection.close()


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Clerks] = WeakKeyDictionary()


async def in_rows(
    work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
) -> Result:
    """What ``work``, which reads or writes rows, returns or raises."""
    loop = asyncio.get_running_loop()
    clerks = _by_loop.get(loop)
    if clerks is None:
        clerks = _by_loop[loop] = Clerks(loop)
    return await clerks.give(lambda: work(*args, **kwargs))


async def close() -> None:
    """End this event loop's threads, if there are any, once they have done what they were given."""
    clerks = _by_loop.pop(asyncio.get_running_loop(), None)
    if clerks is not None:
        await asyncio.to_thread(clerks.close)
