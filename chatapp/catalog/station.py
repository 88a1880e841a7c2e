"""A model server as this process knows it: what it serves, how busy it is, whether it is well."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from chatapp.backends.base import Backend
from chatapp.backends.errors import (
    BackendError,
    ContextExceeded,
    ModelChanged,
    ModelMissing,
    Refused,
)
from chatapp.catalog.pins import Pins
from chatapp.catalog.watch import Watch

FAILURES = 3
AWAY_SECONDS = 10.0
PROBE_SECONDS = 5.0
NOT_ITS_FAULT = (ContextExceeded, ModelChanged, ModelMissing, Refused)


class Station:
    """One server. ``parallel`` is how many answers it makes at once, None for no limit.

    After FAILURES in a row it is away for AWAY_SECONDS, in which others are asked; then a probe,
    a question for its list of models, lets it come back or sends it away again.
    """

    def __init__(
        self, backend: Backend, parallel: int | None = None, away_seconds: float = AWAY_SECONDS
    ) -> None:
        self.backend = backend
        self.watch = Watch(backend)
        self.pins = Pins()
        self.parallel = parallel
        self.busy = 0
        self.loading_took: dict[str, float] = {}
        self._away_seconds = away_seconds
        self._since: float | None = None
        self._breakers = AsyncCircuitBreakerFactory(FAILURES, away_seconds)
        self._probing = False

    @property
    def has_room(self) -> bool:
        return self.parallel is None or self.busy < self.parallel

    @property
    def load(self) -> float:
        """How busy it is: answers for each that it can make at once."""
        return self.busy / (self.parallel or 1)

    @property
    def is_away(self) -> bool:
        """Whether it failed too often, and no probe has let it back."""
        return self._since is not None

    @property
    def is_due(self) -> bool:
        """Whether a probe may ask if it is back."""
        if self._since is None or self._probing:
            return False
        return time.time() > self._since + self._away_seconds

    @asynccontextmanager
    async def watched(self) -> AsyncGenerator[None, None]:
        """Count what happens in the block for or against the server; one that is away is asked
        only where there is no other, and it takes a probe to let it back."""
        try:
            yield
        except BackendError as error:
            if not isinstance(error, NOT_ITS_FAULT) and not self.is_away:
                await self._count(error)
            raise
        if not self.is_away:
            await self._count(None)

    async def probe(self) -> None:
        """Ask whether it is back; where it does not answer it is away for longer."""
        self._probing = True
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self.watch.ask()
        except (BackendError, TimeoutError) as error:
            await self._count(error)
        else:
            await self._count(None)
        finally:
            self._probing = False

    async def _count(self, error: Exception | None) -> None:
        """Tell the breaker what came of a request. It is told of outcomes alone, since it would
        take a request that somebody stopped for a good one."""
        breaker = await self._breakers.get_breaker("server")
        with suppress(BackendError, TimeoutError, OpenedState):
            async with breaker:
                if error is not None:
                    raise error
        context = breaker.context
        self._since = context.opened_at if context.state == "opened" else None
