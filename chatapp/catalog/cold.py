"""Waiting for a model that its server loads first, with words for the person who waits."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from time import monotonic

from chatapp.backends.base import ChatRequest, Delta, Loading
from chatapp.backends.errors import BackendError
from chatapp.catalog.station import Station

LOOK_SECONDS = 0.5
"""A model in memory gives its first token sooner, unless its server is busy: then we ask."""


async def started(station: Station, request: ChatRequest) -> AsyncGenerator[Delta, None]:
    """The answer; Loading comes first where the server loads the model. How long that took is
    remembered. Raises BackendError."""
    began = monotonic()
    stream = station.backend.stream(request)
    first = asyncio.ensure_future(anext(stream, None))
    try:
        await asyncio.wait({first}, timeout=LOOK_SECONDS)
        cold = not first.done() and await is_cold(station, request.model)
        if cold:
            yield loading(station, request.model)
        delta = await first
        if cold:
            station.loading_took[request.model] = monotonic() - began
        while delta is not None:
            yield delta
            delta = await anext(stream, None)
    finally:
        await end(first)
        await stream.aclose()


def loading(station: Station, model: str) -> Loading:
    """With the seconds that it took the last time, if there was one."""
    took = station.loading_took.get(model)
    return Loading(None if took is None else max(1, round(took)))


async def is_cold(station: Station, model: str) -> bool:
    """Where nobody can tell, it is not."""
    with suppress(BackendError):
        return await station.backend.is_cold(model)
    return False


async def end(first: "asyncio.Future[Delta | None]") -> None:
    """Leave no task behind, nor an error that nobody asked for."""
    if not first.done():
        first.cancel()
        await asyncio.wait({first})
    if not first.cancelled():
        first.exception()
