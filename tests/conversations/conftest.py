"""A chat to talk to: scripted tools behind a real consumer, a real Redis and real rows."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import orjson
import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.test import Client
from redis.asyncio import Redis

from chatapp import rows as work_on_rows
from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.asgi import application
from chatapp.conversations import live, running, scribe
from chatapp.conversations.events import (
    Cited,
    Ended,
    Event,
    Judged,
    Passages,
    Reasoning,
    SourceRef,
    Started,
    Text,
    Usage,
)
from chatapp.conversations.journal import Numbered
from chatapp.conversations.live import Live
from chatapp.conversations.log import TurnLog
from chatapp.conversations.models import Conversation, Turn
from chatapp.conversations.record import Fold, finish
from chatapp.conversations.turn import Tools
from chatapp.library.models import Chunk, Collection, Document
from tests.conversations.scripted import ScriptedModel, make_tools
from tests.conversations.vocabulary import Teller

Frame = dict[str, Any]
ORIGIN = b"http://testserver"


def session_of(user: User) -> str:
    """The key of a new session in which ``user`` is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


class Socket:
    """A client of the chat socket."""

    def __init__(self, session: str = "", origin: bytes = ORIGIN) -> None:
        headers = [(b"origin", origin), (b"cookie", f"sessionid={session}".encode())]
        scope = {"type": "websocket", "path": "/ws/chat/", "query_string": b"", "headers": headers}
        self.session = session
        communicator: Any = ApplicationCommunicator  # asgiref ships it without types
        self.wire = communicator(application, {**scope, "subprotocols": []})

    async def open(self) -> "Socket":
        await self.wire.send_input({"type": "websocket.connect"})
        assert (await self.wire.receive_output(20))["type"] == "websocket.accept"
        return self

    async def send_text(self, text: str) -> None:
        await self.wire.send_input({"type": "websocket.receive", "text": text})

    async def send(self, **frame: Any) -> None:
        await self.send_text(orjson.dumps(frame).decode())

    async def next(self) -> Frame:
        message = await self.wire.receive_output(20)
        assert message["type"] == "websocket.send", message
        frame: Frame = orjson.loads(message["text"])
        return frame

    async def until(self, **fields: Any) -> Frame:
        """The next frame that has these fields; those before it are dropped."""
        while True:
            frame = await self.next()
            if fields.items() <= frame.items():
                return frame

    async def ask(self, text: str, conversation: str | None = None, **more: Any) -> Frame:
        """Send a question; the frame that answers it."""
        frame = {"client_id": str(uuid4()), "collections": None, **more}
        await self.send(type="send", text=text, conversation=conversation, **frame)
        return await self.next()

    async def attach(self, turn: str, after: int = 0) -> None:
        await self.send(type="attach", turn=turn, after=after)

    async def until_end(self) -> list[Frame]:
        """Event frames up to the one that ends a turn."""
        return await self.until_kind("ended")

    async def until_kind(self, kind: str) -> list[Frame]:
        """Event frames up to the one of ``kind``."""
        frames: list[Frame] = []
        while not frames or frames[-1]["event"]["type"] != kind:
            frames.append(await self.next())
            assert frames[-1]["type"] == "event", frames[-1]
        return frames

    async def closed(self) -> int:
        """The code with which the server closes; other frames before that are dropped."""
        while True:
            message = await self.wire.receive_output(20)
            if message["type"] == "websocket.close":
                return int(message["code"])

    async def close(self) -> None:
        if not self.wire.future.done():
            await self.wire.send_input({"type": "websocket.disconnect", "code": 1001})
            await self.wire.wait(20)


Connect = Callable[[User], Awaitable[Socket]]
Use = Callable[[Tools], None]


@pytest.fixture
async def rows(transactional_db: None) -> AsyncIterator[None]:
    """Rows for a test of several threads; afterwards nothing runs and no connection is open."""
    yield
    await live.close()
    await work_on_rows.close()
    await database_sync_to_async(connections.close_all)()


@pytest.fixture
def use() -> Iterator[Use]:
    """``use(tools)`` makes turns work with these; a polite model without them."""
    chosen = [make_tools()]
    with patch.object(wiring, "tools", lambda *_: chosen[-1]):
        yield chosen.append


@pytest.fixture
def teller(monkeypatch: pytest.MonkeyPatch) -> Teller:
    """Turns tell every kind of event, and stop behind the one that the question names."""
    told = Teller()
    monkeypatch.setattr(running, "run_turn", told)
    return told


@pytest.fixture
async def connect(rows: None, redis_url: str, use: Use) -> AsyncIterator[Connect]:
    """``await connect(user)`` is an open socket of that person."""
    sockets: list[Socket] = []

    async def open_for(user: User) -> Socket:
        socket = Socket(await database_sync_to_async(session_of)(user))
        sockets.append(socket)
        return await socket.open()

    yield open_for
    for socket in sockets:
        await socket.close()


@pytest.fixture
def no_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is away, and nobody waits long for it to come back."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(scribe, "GIVE_UP_SECONDS", 0.1)


@pytest.fixture
async def other(redis_url: str) -> AsyncIterator[Live]:
    """Another process, as far as the turn is concerned: it runs none of the turns."""
    live = Live(redis_url)
    live.exchange.start()
    yield live
    await live.close()


@pytest.fixture
async def log(redis_url: str) -> AsyncIterator[TurnLog]:
    async with Redis.from_url(redis_url) as client:
        yield TurnLog(client)


async def collect(live: Live, turn: UUID, after: int, over: bool = False) -> list[Numbered]:
    async with aclosing(live.following.turn(turn, after, over)) as events:
        return [numbered async for numbered in events]


def texts(frames: list[Frame]) -> str:
    """What the event frames show as the answer."""
    return "".join(f["event"]["text"] for f in frames if f["event"]["type"] == "text")


def kinds(frames: list[Frame]) -> list[str]:
    return [frame["event"]["type"] for frame in frames]


def numbers(frames: list[Frame]) -> list[int]:
    return [frame["seq"] for frame in frames]


# --- pages ---


@pytest.fixture
def quick_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that answers at once, so that no page looks for a server."""
    monkeypatch.setattr(wiring, "model_for_page", lambda _: ScriptedModel())


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def conversation(employee: User) -> Conversation:
    return Conversation.objects.create(owner=employee, title="How much leave?")


def make_chunk() -> Chunk:
    """A passage on page 3 of a document that the group "staff" may read."""
    collection = Collection.objects.create(name="Handbook")
    collection.readers.add(Group.objects.get(name="staff"))
    document = Document.objects.create(
        collection=collection, name="Leave.pdf", size=1, sha256="a", state="ready"
    )
    return Chunk.objects.create(
        document=document, ordinal=4, text="You have 28 days.", page=3, heading="Leave > Annual"
    )


@pytest.fixture
def turn(conversation: Conversation, chunk: Chunk) -> Turn:
    """An ended turn with one source."""
    made = Turn.objects.create(
        conversation=conversation,
        client_id=uuid4(),
        question="How much?",
        collections=[str(chunk.document.collection_id)],
    )
    fold = Fold()
    for event in whole(chunk)[:-1]:
        fold.add(event)
    finish(made.id, fold.outcome(Ended("done", "")))
    return Turn.objects.get(id=made.id)


@pytest.fixture
def chunk(employee: User) -> Chunk:
    return make_chunk()


def whole(chunk: Chunk) -> list[Event]:
    name = str(chunk.document.collection_id)
    ref = SourceRef(1, "Leave.pdf", "Leave > Annual", 3, name, chunk.vector_id, 0.5)
    return [
        Started("How much?", "m", demo=True, digest="d"),
        Judged("request", "allow", (), 7, ("j",)),
        Passages((ref,)),
        Reasoning("Hm."),
        Text("28 days [1]."),
        Cited(1, 8),
        Usage(5, 6, 4096, 300, 800, 1200),
        Ended("done", ""),
    ]
