"""Real web processes, spoken to over real sockets: refusals, a second process, and death."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from django.db import connection
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chatapp.accounts.models import User
from chatapp.conversations import live, log
from chatapp.conversations.events import KINDS
from chatapp.conversations.models import Turn
from chatapp.launch import health, ports, servers
from tests import stack
from tests.conversations.conftest import Frame, numbers, session_of, texts
from tests.conversations.scripted import BIG, until
from tests.conversations.vocabulary import WHOLE

PUBLIC = "http://127.0.0.1"
REPOSITORY = Path(__file__).parents[2]
PRODUCT, SCRIPTED = "chatapp.asgi:application", "tests.conversations.served:application"


def database_url() -> str:
    """The address of the test database, for another process."""
    here = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{here['NAME']}"
    return stack.postgres_server().url_of(str(here["NAME"]))


class Web:
    """A web process on a port of its own."""

    def __init__(self) -> None:
        self.port = ports.free_port()
        command = servers.web_command("127.0.0.1", self.port)
        command[command.index("chatapp.asgi:application")] = (
            "tests.conversations.served:application"
        )
        env = {**os.environ, "DATABASE_URL": database_url(), "PUBLIC_URL": PUBLIC}
        self.process = subprocess.Popen(command, env=env, cwd=REPOSITORY)

    async def ready(self) -> "Web":
        await until(
            lambda: (
                self.process.poll() is not None
                or health.http_answers(f"http://127.0.0.1:{self.port}/sign-in/")
            ),
            60,
        )
        assert self.process.poll() is None, "it ended by itself"
        return self

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.wait(20)


@pytest.fixture
def webs(rows: None, redis_url: str) -> Iterator[Callable[[], Web]]:
    """``webs()`` starts one more."""
    started: list[Web] = []

    def start() -> Web:
        started.append(Web())
        return started[-1]

    yield start
    for web in started:
        web.end()


@pytest.fixture
async def session(rows: None, employee: User) -> str:
    key: str = await database_sync_to_async(session_of)(employee)
    return key


def call(web: Web, session: str = "", origin: str = PUBLIC, **more: Any) -> dial:
    cookie = {"Cookie": f"sessionid={session}"}
    address = f"ws://127.0.0.1:{web.port}/ws/chat/"
    return dial(address, origin=origin, additional_headers=cookie, proxy=None, **more)  # type: ignore[arg-type]  # a str is an Origin


async def say(socket: ClientConnection, **frame: Any) -> None:
    await socket.send(json.dumps(frame))


async def hear(socket: ClientConnection) -> Frame:
    async with asyncio.timeout(20):
        frame: Frame = json.loads(await socket.recv())
        return frame


async def ask(socket: ClientConnection, text: str, conversation: str | None = None) -> Frame:
    about = {"client_id": str(uuid4()), "conversation": conversation, "collections": None}
    await say(socket, type="send", text=text, **about)
    return await hear(socket)


async def hear_until(
    socket: ClientConnection, enough: Callable[[list[Frame]], bool]
) -> list[Frame]:
    frames: list[Frame] = []
    while not frames or not enough(frames):
        frames.append(await hear(socket))
    return frames


def ended_with(kind: str) -> Callable[[list[Frame]], bool]:
    return lambda frames: bool(frames[-1]["event"]["type"] == kind)


ended = ended_with("ended")


def story(frames: list[Frame]) -> bool:
    return len(texts(frames)) > 300


async def closed(socket: ClientConnection) -> int:
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(20):
            while True:
                await socket.recv()
    return int(socket.close_code or 0)


async def test_what_must_be_refused_is_refused_and_the_server_is_well(
    webs: Callable[[], Web], session: str
) -> None:
    web = await webs().ready()
    for origin in ("http://evil.example", "null", f"{PUBLIC}:9", "https://127.0.0.1"):
        with pytest.raises(InvalidStatus) as refused:
            await call(web, session, origin)
        assert refused.value.response.status_code == 403
    async with call(web) as socket:
        assert await closed(socket) == 4401
    async with call(web, session) as socket:
        await socket.send(b"\x00binary")
        assert await closed(socket) == 1003
    async with call(web, session) as socket:
        await socket.send("x" * 70_000)
        assert await closed(socket) == 1009
    async with call(web, session) as socket:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(10_000):
                await socket.send("{}")
        assert await closed(socket) in (4400, 4429)
    async with call(web, session) as socket:
        await ask(socket, "Are you well?")
        assert texts(await hear_until(socket, ended)) == "Hello."


async def test_a_turn_is_followed_and_stopped_from_another_process(
    webs: Callable[[], Web], session: str
) -> None:
    runs, other = webs(), webs()
    await asyncio.gather(runs.ready(), other.ready())
    async with call(runs, session) as here, call(other, session) as there:
        accepted = await ask(here, "Tell me a slow story")
        seen = await hear_until(here, story)
        await say(there, type="attach", turn=accepted["turn"], after=0)
        told = await hear_until(there, lambda frames: len(frames) > len(seen) + 5)
        began = time.monotonic()
        await say(there, type="stop", turn=accepted["turn"])
        seen += await hear_until(here, ended)
        assert time.monotonic() - began < 2
        told += await hear_until(there, ended)

    assert seen == told
    assert seen[-1]["event"]["status"] == "stopped"
    turn = await Turn.objects.aget(id=accepted["turn"])
    assert (turn.status, turn.answer) == ("stopped", texts(seen))


async def test_a_process_is_killed_behind_every_event_and_what_was_written_can_go_on(
    webs: Callable[[], Web], session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "GRACE_SECONDS", 0)
    runs, other = webs(), webs()
    await asyncio.gather(runs.ready(), other.ready())
    async with contextlib.AsyncExitStack() as stack:
        turns = {}
        for kind in KINDS:
            socket = await stack.enter_async_context(call(runs, session))
            turns[kind] = (await ask(socket, kind))["turn"]
            await hear_until(socket, ended_with(kind))
        slow = (await ask(socket, "Tell me a slow story"))["turn"]
        seen = await hear_until(socket, story)
        await until_logged(turns.values())
        runs.end()
    await until_settled()

    rows = {str(turn.id): turn async for turn in Turn.objects.all()}
    async with call(other, session) as there:
        for kind, turn in turns.items():
            frames = await attached(there, turn)
            stop = list(KINDS).index(kind) + 1
            assert [frame["event"] for frame in frames[:stop]] == WHOLE[:stop]
            status = "done" if kind == "ended" else "interrupted"
            assert frames[-1]["event"]["status"] == rows[turn].status == status
            if rows[turn].answer and status == "interrupted":
                await goes_on(there, turn)
        frames = await attached(there, slow)
        assert texts(frames) == rows[slow].answer
        # What was shown in the last moments had not been written.
        assert rows[slow].answer.startswith(texts(seen)[:80])


async def until_logged(turns: Iterable[str]) -> None:
    """Until the log has what was shown: it is written a moment later."""
    for number, turn in enumerate(turns, 1):
        while len(await live.live().log.read_all(UUID(turn))) < number:  # noqa: ASYNC110  another process's
            await asyncio.sleep(0.02)


async def until_settled() -> None:
    """Until no turn runs any more."""
    async with asyncio.timeout(20):
        while await Turn.objects.filter(status="running").aexists():
            await live.settle_lost_turns()
            await asyncio.sleep(0.2)


async def attached(socket: ClientConnection, turn: str) -> list[Frame]:
    """Every event of ``turn``, once and in order."""
    await say(socket, type="attach", turn=turn, after=0)
    frames = await hear_until(socket, ended)
    assert numbers(frames) == list(range(1, len(frames) + 1))
    return frames


async def goes_on(socket: ClientConnection, turn: str) -> None:
    await say(socket, type="continue", client_id=str(uuid4()), turn=turn)
    assert (await hear(socket))["type"] == "accepted"
    frames = await hear_until(socket, ended)
    assert frames[1]["event"]["type"] == "continued"
    assert frames[-1]["event"]["status"] == "done"


async def test_what_waits_behind_a_killed_process_is_answered_by_another(
    webs: Callable[[], Web], session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "GRACE_SECONDS", 1)
    runs, other = webs(), webs()
    await asyncio.gather(runs.ready(), other.ready())
    async with call(runs, session) as here, call(other, session) as there:
        accepted = await ask(here, "Tell me a slow story")
        await hear_until(here, story)
        waits = await ask(there, "And now?", accepted["conversation"])
        assert waits["status"] == "queued"
        runs.end()
        answered = asyncio.create_task(hear_until(there, ended))
        while not answered.done():
            await live.settle_lost_turns()
            await asyncio.wait([answered], timeout=0.2)
        assert texts(answered.result()) == "Hello."
    statuses = {str(turn.id): turn.status async for turn in Turn.objects.all()}
    assert statuses == {accepted["turn"]: "interrupted", waits["turn"]: "done"}


async def test_a_process_that_is_told_to_stop_ends_its_turns_first(
    webs: Callable[[], Web], session: str
) -> None:
    web = await webs().ready()
    async with call(web, session) as socket:
        accepted = await ask(socket, "Tell me a slow story")
        seen = await hear_until(socket, story)
        await asyncio.to_thread(web.end, signal.SIGTERM)
    turn = await Turn.objects.aget(id=accepted["turn"])
    assert turn.status == "interrupted"
    assert turn.answer.startswith(texts(seen))
    entries = await live.live().log.read_all(turn.id)
    assert entries[-1][0] == len(entries)
    assert type(entries[-1][1]).__name__ == "Ended"


async def test_a_socket_that_never_reads_holds_up_nobody(
    webs: Callable[[], Web], session: str
) -> None:
    web = await webs().ready()
    async with call(web, session, max_queue=1) as deaf:
        accepted = await ask(deaf, "Something big")
        async with call(web, session) as socket, asyncio.timeout(60):
            await ask(socket, "Are you well?")
            assert texts(await hear_until(socket, ended)) == "Hello."
            running = Turn.objects.filter(id=accepted["turn"], status="running")
            while await running.aexists():  # noqa: ASYNC110  another process's
                await asyncio.sleep(0.05)
        frames = await hear_until(deaf, ended)  # it reads after all
        assert texts(frames) == BIG * 100
