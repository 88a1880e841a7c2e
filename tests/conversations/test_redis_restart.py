"""Redis goes down in the middle of an answer, and comes back with or without what it had."""

import asyncio
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chatapp.accounts.models import User
from chatapp.backends.base import TextDelta
from chatapp.conversations.events import KINDS
from chatapp.conversations.live import Live
from chatapp.conversations.models import Turn
from chatapp.launch import health, ports, servers
from tests.conversations.conftest import Connect, Use, collect, kinds, numbers, texts
from tests.conversations.scripted import DONE, Pause, ScriptedBackend, Step, make_tools, until
from tests.conversations.vocabulary import NUMBERS, WHOLE, Teller

BEFORE, DURING, AFTER = "Before the fall. " * 20, "While it was away. " * 20, "And after it. " * 20


class OwnRedis:
    """A server of this test alone, which it may kill."""

    def __init__(self, folder: Path) -> None:
        self.url = f"redis://:{secrets.token_hex(8)}@127.0.0.1:{ports.free_port()}/0"
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        command = servers.redis_command(self.url, self.folder)
        self.process = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.DEVNULL)
        await until(lambda: health.redis_answers(self.url))

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def forget(self) -> None:
        """Lose everything that was written."""
        shutil.rmtree(self.folder)


@pytest.fixture
def own_redis(tmp_path: Path, settings: Any) -> Iterator[OwnRedis]:
    own = OwnRedis(tmp_path / "redis")
    settings.REDIS_URL = own.url
    yield own
    own.kill()


@pytest.mark.parametrize("forgets", [False, True])
async def test_sockets_here_and_elsewhere_get_everything_once(
    own_redis: OwnRedis, connect: Connect, use: Use, employee: User, forgets: bool
) -> None:
    first, second = Pause(), Pause()
    script: list[Step] = [
        TextDelta(BEFORE),
        first,
        TextDelta(DURING),
        second,
        TextDelta(AFTER),
        DONE,
    ]
    use(make_tools(ScriptedBackend(*script)))
    await own_redis.start()
    other = Live(own_redis.url)
    other.exchange.start()
    socket = await connect(employee)
    accepted = await socket.ask("What happened?")
    turn = (await Turn.objects.aget(id=accepted["turn"])).id
    elsewhere = asyncio.create_task(collect(other, turn, 0))
    await first.reached.wait()
    await until_logged(other, turn)

    own_redis.kill()
    if forgets:
        own_redis.forget()
    first.go.set()
    await second.reached.wait()
    await own_redis.start()
    second.go.set()

    frames = await socket.until_end()
    assert texts(frames) == BEFORE + DURING + AFTER
    assert numbers(frames) == list(range(1, len(frames) + 1))
    async with asyncio.timeout(30):
        got = await elsewhere
    assert [seq for seq, _ in got] == numbers(frames)
    assert (await Turn.objects.aget(id=turn)).status == "done"
    await other.close()


async def until_logged(other: Live, turn: UUID) -> None:
    """Wait until something of the turn is in Redis."""
    async with asyncio.timeout(10):
        while len(await other.log.read_all(turn)) < 3:  # noqa: ASYNC110  another process's
            await asyncio.sleep(0.02)


async def test_a_turn_runs_while_redis_is_away(
    own_redis: OwnRedis, connect: Connect, employee: User
) -> None:
    socket = await connect(employee)
    accepted = await socket.ask("Is anybody there?")
    assert kinds(await socket.until_end())[-1] == "ended"
    turn = (await Turn.objects.aget(id=accepted["turn"])).id
    await own_redis.start()
    other = Live(own_redis.url)
    async with asyncio.timeout(20):
        while not (log := await other.log.read_all(turn)):  # noqa: ASYNC110  another process's
            await asyncio.sleep(0.05)
    assert log[-1][0] == len(log)
    await other.close()


@pytest.mark.parametrize("forgets", [False, True])
async def test_redis_falls_behind_every_event_and_nobody_misses_one(
    own_redis: OwnRedis, connect: Connect, teller: Teller, employee: User, forgets: bool
) -> None:
    await own_redis.start()
    other = Live(own_redis.url)
    other.exchange.start()
    sockets = {kind: await connect(employee) for kind in KINDS}
    turns = {kind: (await socket.ask(kind))["turn"] for kind, socket in sockets.items()}
    seen = {kind: await socket.until_kind(kind) for kind, socket in sockets.items()}
    elsewhere = [asyncio.create_task(collect(other, UUID(turn), 0)) for turn in turns.values()]

    own_redis.kill()
    if forgets:
        own_redis.forget()
    teller.gate.set()
    for kind, socket in sockets.items():
        rest = await socket.until_end() if kind != "ended" else []
        assert [frame["event"] for frame in seen[kind] + rest] == WHOLE
        assert numbers(seen[kind] + rest) == NUMBERS
    await own_redis.start()
    async with asyncio.timeout(60):
        for kind, got in zip(turns, await asyncio.gather(*elsewhere), strict=True):
            assert [seq for seq, _ in got] == NUMBERS, kind
    assert {turn.status async for turn in Turn.objects.all()} == {"done"}
    await other.close()
