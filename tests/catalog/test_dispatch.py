"""The queue at busy servers is fair among people, and tells where one stands in it."""

import asyncio
from contextlib import aclosing
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.catalog import dispatch
from chatapp.catalog.dispatch import Caller, Dispatcher, Ticket
from chatapp.catalog.station import Station
from tests.catalog.serving import Pool, Server, serving
from tests.conversations.scripted import until


@pytest.fixture(autouse=True)
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "TELL_SECONDS", 0.01)


class Hall:
    """One server with some seats, and people who want one."""

    def __init__(self, seats: int = 1) -> None:
        self.dispatcher = Dispatcher()
        self.name = uuid4()
        self.station = Station(serving("a"), seats)
        self.positions: dict[str, list[int]] = {}
        self.tickets: dict[str, Ticket] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.served: list[str] = []

    async def come(self, person: int, label: str) -> None:
        ticket = Ticket(Caller(person, uuid4()), {self.name: self.station})
        self.tickets[label] = ticket
        self.positions[label] = []
        self.tasks.append(asyncio.create_task(self._wait(ticket, label)))
        await asyncio.sleep(0)

    async def _wait(self, ticket: Ticket, label: str) -> None:
        async with aclosing(self.dispatcher.wait(ticket)) as positions:
            async for position in positions:
                self.positions[label].append(position)
        self.served.append(label)

    def leave(self, label: str) -> None:
        self.dispatcher.leave(self.tickets[label])

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)


async def test_who_finds_room_waits_for_nothing() -> None:
    hall = Hall(seats=2)
    await hall.come(1, "a")
    await hall.come(2, "b")
    await until(lambda: hall.served == ["a", "b"])
    assert hall.positions == {"a": [], "b": []}
    await hall.close()


async def test_positions_count_down_to_a_seat() -> None:
    hall = Hall()
    for person, label in enumerate("abcd"):
        await hall.come(person, label)
    await until(lambda: [hall.positions[each] for each in "bcd"] == [[1], [2], [3]])
    hall.leave("a")
    await until(lambda: [hall.positions[each] for each in "cd"] == [[2, 1], [3, 2]])
    hall.leave("b")
    hall.leave("c")
    await until(lambda: hall.served == list("abcd"))
    await hall.close()


async def test_ten_questions_of_one_do_not_hold_up_anothers_first() -> None:
    hall = Hall()
    for number in range(6):
        await hall.come(1, f"greedy {number}")
    await hall.come(2, "modest")
    await until(lambda: hall.positions["modest"] == [1])
    hall.leave("greedy 0")
    await until(lambda: "modest" in hall.served)
    hall.leave("modest")
    await until(lambda: hall.served[-1] == "greedy 1")
    await hall.close()


async def test_who_goes_away_lets_the_others_move_up() -> None:
    hall = Hall()
    for person, label in enumerate("abc"):
        await hall.come(person, label)
    await until(lambda: hall.positions["c"] == [2])
    hall.tasks[1].cancel()
    await until(lambda: hall.positions["c"] == [2, 1])
    hall.leave("a")
    await until(lambda: hall.served == ["a", "c"])
    assert hall.station.busy == 1
    await hall.close()


async def test_leaving_twice_frees_one_seat() -> None:
    hall = Hall()
    await hall.come(1, "a")
    await until(lambda: hall.served == ["a"])
    for _ in range(2):
        hall.dispatcher.leave(hall.tickets["a"])
    assert hall.station.busy == 0
    await hall.close()


async def test_who_waits_for_another_server_is_not_counted() -> None:
    dispatcher, (one, other) = Dispatcher(), (uuid4(), uuid4())
    stations = {name: Station(serving("x"), 1) for name in (one, other)}
    for station in stations.values():
        station.busy = 1
    tickets = [Ticket(Caller(n), {name: stations[name]}) for n, name in enumerate((one, other))]
    both = Ticket(Caller(9), stations)
    waits = [dispatcher.wait(ticket) for ticket in (*tickets, both)]
    assert [await anext(wait) for wait in waits] == [1, 1, 3]
    for wait in waits:
        await wait.aclose()


async def test_two_models_of_one_server_share_its_seats() -> None:
    first, second = Pool(serving("a"), parallel=1), Pool(serving("a"), parallel=1)
    second.stations, second.dispatcher = first.stations, first.dispatcher
    second.addresses, second.offer = first.addresses, first.offer
    server: Server = first.servers["a"]
    server.hold.clear()
    asking = [asyncio.create_task(pool.ask(Caller(n))) for n, pool in enumerate((first, second))]
    await until(lambda: server.open == 1)
    server.hold.set()
    assert await asyncio.gather(*asking) == ["a", "a"]


SEATS = st.integers(1, 3)
PEOPLE = st.lists(st.integers(0, 3), min_size=1, max_size=12)


@given(SEATS, PEOPLE)
def test_every_ticket_gets_a_seat_once_and_no_seat_is_lost(seats: int, people: list[int]) -> None:
    async def play() -> None:
        dispatcher, name = Dispatcher(), uuid4()
        station = Station(serving("a"), seats)
        most = 0

        async def turn(person: int) -> None:
            nonlocal most
            ticket = Ticket(Caller(person, uuid4()), {name: station})
            try:
                async with aclosing(dispatcher.wait(ticket)) as positions:
                    async for position in positions:
                        assert 1 <= position <= len(people)
                most = max(most, station.busy)
                await asyncio.sleep(0)
            finally:
                dispatcher.leave(ticket)

        async with asyncio.timeout(60):
            await asyncio.gather(*(turn(person) for person in people))
        assert station.busy == 0
        assert most == min(seats, len(people))

    asyncio.run(play())


async def test_only_so_many_conversations_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "REMEMBERED_CONVERSATIONS", 3)
    pool = Pool(serving("a"))
    conversations: list[UUID] = [uuid4() for _ in range(5)]
    for each in conversations:
        await pool.ask(Caller(1, each))
    assert list(pool.dispatcher._homes) == conversations[2:]
