"""The socket is cut behind each kind of event: every later event comes once, in order.

For Redis see test_redis_restart.py, for the web process test_processes.py.
"""

import asyncio
from uuid import UUID

import pytest

from chatapp.accounts.models import User
from chatapp.conversations.events import KINDS
from chatapp.conversations.live import Live, live
from tests.conversations.conftest import Connect, collect, numbers
from tests.conversations.vocabulary import NUMBERS, TALE, WHOLE, Teller


@pytest.mark.parametrize("kind", KINDS)
async def test_a_socket_that_is_cut_behind_any_event_misses_nothing(
    connect: Connect, teller: Teller, other: Live, employee: User, kind: str
) -> None:
    first, second = await connect(employee), await connect(employee)
    accepted = await first.ask(kind)
    seen = await first.until_kind(kind)
    await first.close()
    elsewhere = asyncio.create_task(collect(other, UUID(accepted["turn"]), seen[-1]["seq"]))
    await second.attach(accepted["turn"], seen[-1]["seq"])
    teller.gate.set()
    after = await second.until_end() if kind != "ended" else []
    assert [frame["event"] for frame in seen + after] == WHOLE
    assert numbers(seen + after) == NUMBERS
    async with asyncio.timeout(20):
        assert [seq for seq, _ in await elsewhere] == numbers(after)


async def test_one_may_come_back_after_any_number(
    connect: Connect, teller: Teller, other: Live, employee: User
) -> None:
    teller.gate.set()
    socket = await connect(employee)
    turn = UUID((await socket.ask("Tell me all"))["turn"])
    await socket.until_end()
    for process in (live(), other):
        for after in range(len(TALE) + 1):
            got = await collect(process, turn, after)
            assert [seq for seq, _ in got] == NUMBERS[after:]
            assert [event for _, event in got] == TALE[after:]
