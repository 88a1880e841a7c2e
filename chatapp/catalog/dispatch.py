"""Whose turn is it, and at which server: a queue that is fair among people.

Servers have a limit of answers at once. Where none has room, a turn waits: people take turns, so
that one who asks ten questions does not hold up another's first. A conversation goes back to the
server that has its prefix in its cache, as long as that one has room.
"""

import asyncio
import hashlib
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from chatapp.catalog.station import Station

REMEMBERED_CONVERSATIONS = 10_000
REMEMBERED_PEOPLE = 10_000
TELL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a turn is: ``conversation`` is None where there will be no other turn of it."""

    person: int | None = None
    conversation: UUID | None = None


NOBODY = Caller()


@dataclass(eq=False, slots=True)
class Ticket:
    """One turn that wants one of ``stations``; ``seat`` is the one that it got. Until then
    ``position`` counts, from 1, those before it who wait for one of the same. ``round`` says
    whose turn it is: see :meth:`Dispatcher._join`."""

    caller: Caller
    stations: Mapping[UUID, Station]
    seat: UUID | None = None
    round: int = 0
    position: int = 0
    seated: asyncio.Event = field(default_factory=asyncio.Event)


class Dispatcher:
    """The turns of this process, waiting and seated."""

    def __init__(self) -> None:
        self._waiting: list[Ticket] = []
        self._round = 0
        self._last_round: dict[int, int] = {}
        self._homes: OrderedDict[UUID, UUID] = OrderedDict()

    async def wait(self, ticket: Ticket) -> AsyncGenerator[int, None]:
        """Until ``ticket`` has a seat; gives its position when that changes, at most every
        TELL_SECONDS. The seat is given back by :meth:`leave`."""
        self._join(ticket)
        told = 0
        try:
            while not ticket.seated.is_set():
                if ticket.position != told:
                    told = ticket.position
                    yield told
                with suppress(TimeoutError):
                    async with asyncio.timeout(TELL_SECONDS):
                        await ticket.seated.wait()
        finally:
            if not ticket.seated.is_set():
                self._waiting.remove(ticket)
                self._number()

    def leave(self, ticket: Ticket) -> None:
        """Let others have the seat."""
        if ticket.seat is None:
            return
        ticket.stations[ticket.seat].busy -= 1
        ticket.seat = None
        self._assign()

    def preferred(self, caller: Caller, stations: Mapping[UUID, Station]) -> list[UUID]:
        """``stations``, the best first: those that are well, then the one that has the
        conversation, then the least busy. Equals are told apart by the conversation, so that
        other processes choose the same."""
        home = self._homes.get(caller.conversation) if caller.conversation else None

        def rank(name: UUID) -> tuple[bool, bool, bool, float, bytes]:
            station = stations[name]
            full = not station.has_room
            return station.is_away, full, name != home, station.load, spread(caller, name)

        return sorted(stations, key=rank)

    def _join(self, ticket: Ticket) -> None:
        """Queue up for the round that is on, or the one after that of one's latest question:
        start-time fair queueing (Goyal, Vin and Cheng, 1996) with requests of equal size. Within
        a round, who came first; nobody's first question is overtaken."""
        person = ticket.caller.person
        ticket.round = self._round
        if person is not None:
            ticket.round = max(self._round, self._last_round.get(person, -1) + 1)
            self._last_round[person] = ticket.round
        if len(self._last_round) > REMEMBERED_PEOPLE:
            late = self._last_round.items()
            self._last_round = {who: latest for who, latest in late if latest >= self._round}
        self._waiting.append(ticket)
        self._assign()

    def _assign(self) -> None:
        """Seat whom there is room for, in the order of the queue."""
        for ticket in self._in_order():
            best = self.preferred(ticket.caller, ticket.stations)[0]
            if ticket.stations[best].has_room:
                self._seat(ticket, best)
        self._number()

    def _seat(self, ticket: Ticket, name: UUID) -> None:
        self._waiting.remove(ticket)
        ticket.stations[name].busy += 1
        ticket.seat = name
        ticket.seated.set()
        self._round = max(self._round, ticket.round)
        if ticket.caller.conversation:
            self._homes[ticket.caller.conversation] = name
            self._homes.move_to_end(ticket.caller.conversation)
            if len(self._homes) > REMEMBERED_CONVERSATIONS:
                self._homes.popitem(last=False)

    def _number(self) -> None:
        """Give everybody who waits their position among their rivals."""
        before: Counter[frozenset[UUID]] = Counter()
        for ticket in self._in_order():
            wanted = frozenset(ticket.stations)
            before[wanted] += 1
            ticket.position = sum(n for names, n in before.items() if names & wanted)

    def _in_order(self) -> list[Ticket]:
        return sorted(self._waiting, key=lambda ticket: ticket.round)


def spread(caller: Caller, station: UUID) -> bytes:
    """A number that follows from both and is as good as random: rendezvous hashing (Thaler and
    Ravishankar, 1998), by which every process gives a conversation the same server."""
    name = caller.conversation.bytes if caller.conversation else b""
    return hashlib.blake2b(name + station.bytes, digest_size=8).digest()
