"""One turn's way to its model: which of its servers answers, and the answer."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from chatapp.backends.base import Answering, ChatRequest, Delta, ServedModel, Waiting
from chatapp.backends.errors import (
    BackendError,
    ContextExceeded,
    Malformed,
    ModelMissing,
    Overloaded,
    StillLoading,
    Unreachable,
)
from chatapp.backends.facts import Effort
from chatapp.catalog import cold
from chatapp.catalog.dispatch import Caller, Dispatcher, Ticket
from chatapp.catalog.offer import NOTHING, Address, Offer
from chatapp.catalog.station import Station
from chatapp.catalog.watch import ModelChoice, Wanted, fitting, limited, named

LOADING_SECONDS = 300.0
ASK_AGAIN_SECONDS = 1.0
SECOND_CHANCE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
PASSING = (Malformed, Overloaded, Unreachable)
"""Failures that may be over a moment later."""


@dataclass(frozen=True, slots=True)
class Network:
    """The servers that this process knows, and who is whose turn at them."""

    station_at: Callable[[Address], Station]
    dispatcher: Dispatcher


class Lane:
    """Answers as one model, by the servers that have it. ``offer`` is None where no model is
    enabled, which is told by ModelMissing.

    A server that failed in this turn is not asked again in it: calling :meth:`stream` once more
    asks another, and where there is only one, that one for a second and last time, if its failure
    may pass. Whether that is so, :meth:`may_retry` says.
    """

    def __init__(self, offer: Offer | None, caller: Caller, network: Network) -> None:
        self._offer = offer or NOTHING
        self._caller = caller
        self._network = network
        self._places = {place.address.id: place for place in self._offer.places}
        self._stations = {name: network.station_at(p.address) for name, p in self._places.items()}
        self._failed: set[UUID] = set()
        self._had_second_chance = False
        self._last: BackendError | None = None
        self._announced: ServedModel | None = None

    async def model(self) -> ModelChoice:
        """The model and its limits, as one of its servers tells. Raises BackendError."""
        error: BackendError | None = None
        for name in self._network.dispatcher.preferred(self._caller, self._stations):
            try:
                async with self._stations[name].watched():
                    found = await self._found(name)
            except BackendError as failure:
                self._failed.add(name)
                error = error or failure
                continue
            return self._announce(found)
        if error is None:
            raise ModelMissing("no model is enabled, or no server has it")
        if not isinstance(error, StillLoading):
            raise error
        self._failed.clear()
        return self._announce(ServedModel(self._offer.name))

    def may_retry(self, error: BackendError) -> bool:
        """Whether another server, or the only one a moment later, may do better after ``error``."""
        if isinstance(error, ContextExceeded):
            return False
        return bool(self._left()) or self._has_second_chance(error)

    def _has_second_chance(self, error: BackendError) -> bool:
        if len(self._stations) != 1 or self._had_second_chance:
            return False
        passing = isinstance(error, PASSING) and not isinstance(error, StillLoading)
        return passing and (error.retry_after or 0) <= LONGEST_PAUSE_SECONDS

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Raises BackendError."""
        if self._last is not None and self._has_second_chance(self._last):
            await self._second_chance(self._last)
        ticket = Ticket(self._caller, self._left())
        if not ticket.stations:
            raise ModelMissing("no server is left to ask")
        try:
            async with (
                probing(*self._stations.values()),
                aclosing(self._network.dispatcher.wait(ticket)) as positions,
            ):
                async for position in positions:
                    yield Waiting(position)
                if ticket.seat is not None:
                    async with aclosing(self._patiently(ticket.seat, request)) as deltas:
                        async for delta in deltas:
                            yield delta
        finally:
            self._network.dispatcher.leave(ticket)

    async def _second_chance(self, error: BackendError) -> None:
        self._had_second_chance = True
        self._failed.clear()
        await asyncio.sleep(max(SECOND_CHANCE_SECONDS, error.retry_after or 0))

    async def _patiently(self, name: UUID, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """As :meth:`_attempt`; where no other server is left, one that loads is waited for."""
        now = asyncio.get_running_loop().time
        give_up = now() + LOADING_SECONDS
        while True:
            try:
                async with aclosing(self._attempt(name, request)) as deltas:
                    async for delta in deltas:
                        yield delta
            except StillLoading:
                if self._left() or now() > give_up:
                    raise
            else:
                return
            yield cold.loading(self._stations[name], request.model)
            await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def _attempt(self, name: UUID, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        station = self._stations[name]
        try:
            async with station.watched():
                found = await self._found(name)
                if found.identity != (self._announced or found).identity:
                    yield Answering(found.name, found.identity)
                asked = self._asked(request, found)
                async with aclosing(cold.started(station, asked)) as deltas:
                    async for delta in deltas:
                        yield delta
        except BackendError as error:
            if not isinstance(error, ContextExceeded):
                self._failed.add(name)
                self._last = error
            raise

    def _asked(self, request: ChatRequest, found: ServedModel) -> ChatRequest:
        """``request`` by the name that the model has there, and within what it can."""
        traits = self._offer.traits
        effort = traits.asked(request.effort)
        opened = traits.opened and effort is not Effort.OFF
        return replace(request, model=found.name, effort=effort, opened=opened)

    async def _found(self, name: UUID) -> ServedModel:
        """The model as that server has it. Raises BackendError."""
        place, station = self._places[name], self._stations[name]
        found = named(await station.watch.served(), place.name)
        station.pins.check(self._offer, place, found)
        return found

    def _announce(self, found: ServedModel) -> ModelChoice:
        self._announced = found
        offer = self._offer
        wanted = Wanted(offer.demo, offer.context_tokens, offer.answer_tokens, offer.traits.sees)
        return limited(found, wanted, *self._stand_ins())

    def _stand_ins(self) -> list[ServedModel]:
        """The model as the other servers have it, those that were asked before."""
        known = [(self._stations[name].watch.known, p.name) for name, p in self._places.items()]
        return [found for served, name in known if (found := fitting(served, name))]

    def _left(self) -> dict[UUID, Station]:
        """The servers that have not failed in this turn."""
        return {n: station for n, station in self._stations.items() if n not in self._failed}


@asynccontextmanager
async def probing(*stations: Station) -> AsyncGenerator[None, None]:
    """While the block runs, ask those servers that were away for long whether they are back."""
    due = [asyncio.create_task(station.probe()) for station in stations if station.is_due]
    try:
        yield
    finally:
        for probe in due:
            probe.cancel()
        if due:
            await asyncio.wait(due)
