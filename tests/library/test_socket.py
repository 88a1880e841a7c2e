"""The library's socket, on the real application with a real Redis."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from pytest_django import Settings

from chatapp import rows
from chatapp.accounts.models import User
from chatapp.asgi import application
from chatapp.launch.health import redis_answers
from chatapp.launch.ports import free_port
from chatapp.launch.servers import redis_command
from chatapp.library import consumer, progress
from chatapp.library.models import Collection, Document, State
from tests.library.conftest import Uploading
from tests.library.processes import started

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = b"http://testserver"
Frame = dict[str, Any]


SITES_OWN_LAYERS = deepcopy(django_settings.CHANNEL_LAYERS)


@pytest.fixture(autouse=True)
def redis_layer(media: object, settings: Settings, redis_url: str) -> None:
    """The layer as the site has it."""
    settings.CHANNEL_LAYERS = SITES_OWN_LAYERS


@pytest.fixture(autouse=True)
async def connections_closed(redis_layer: None) -> AsyncIterator[None]:
    yield
    await rows.close()


def session_of(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


class Socket:
    """A page that watches a collection."""

    def __init__(self, collection_id: uuid.UUID, session: str, origin: bytes = ORIGIN) -> None:
        headers = [(b"origin", origin), (b"cookie", f"sessionid={session}".encode())]
        path = f"/ws/library/{collection_id}/"
        scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers}
        communicator: Any = ApplicationCommunicator  # asgiref types it in part only
        self.wire = communicator(application, {**scope, "subprotocols": []})

    async def open(self) -> Frame:
        """The first answer: accepted, or closed for a wrong origin."""
        await self.wire.send_input({"type": "websocket.connect"})
        message: Frame = await self.wire.receive_output(20)
        return message

    async def message(self) -> Frame:
        message: Frame = await self.wire.receive_output(20)
        return message

    async def frame(self, kind: str) -> Frame:
        """The next frame of this kind; others before it are dropped."""
        while True:
            message = await self.message()
            assert message["type"] == "websocket.send", message
            frame: Frame = json.loads(message["text"])
            if frame["type"] == kind:
                return frame

    async def closed(self) -> int:
        while True:
            message = await self.message()
            if message["type"] == "websocket.close":
                return int(message["code"])

    async def leave(self) -> None:
        await self.wire.send_input({"type": "websocket.disconnect", "code": 1001})
        # A consumer that is told to go while its first connection to Redis opens stays a while.
        await self.wire.wait(3)


Watch = Callable[..., Awaitable[Socket]]


@pytest.fixture
async def watch(collection: Collection) -> AsyncIterator[Watch]:
    """Opens the collection's socket for a person; every one is left at the end."""
    opened: list[Socket] = []

    async def start(person: User | None, collection_id: uuid.UUID | None = None) -> Socket:
        session = await database_sync_to_async(session_of)(person) if person else ""
        socket = Socket(collection_id or collection.pk, session)
        assert (await socket.open())["type"] == "websocket.accept"
        opened.append(socket)
        return socket

    yield start
    for socket in opened:
        if not socket.wire.future.done():
            await socket.leave()


async def change(document: Document, **changes: object) -> None:
    """Do as a worker does: change the row, then nudge."""
    row = Document.objects.filter(pk=document.pk)
    await row.aupdate(updated=timezone.now(), **changes)
    await nudge(document)


async def nudge(document: Document) -> None:
    await database_sync_to_async(progress.announce)(document.collection_id, document.pk)


@pytest.fixture(params=["employee", "team_mate", "stranger", "compliance"])
def other(request: pytest.FixtureRequest) -> User:
    """Everybody but an admin, one after the other."""
    person: User = request.getfixturevalue(request.param)
    return person


async def refused(socket: Socket) -> int:
    """The code with which the socket was closed before anything was sent."""
    message = await socket.message()
    assert message["type"] == "websocket.close", message
    return int(message["code"])


async def test_only_admins_may_watch(watch: Watch, other: User) -> None:
    assert await refused(await watch(other)) == consumer.FORBIDDEN


async def test_nobody_may_watch_who_is_not_signed_in(watch: Watch) -> None:
    assert await refused(await watch(None)) == consumer.SIGNED_OUT


async def test_a_collection_that_does_not_exist_cannot_be_watched(
    watch: Watch, admin: User
) -> None:
    socket = await watch(admin, uuid.uuid4())
    assert await refused(socket) == consumer.UNKNOWN


async def test_another_sites_page_cannot_watch(collection: Collection, admin: User) -> None:
    session = await database_sync_to_async(session_of)(admin)
    socket = Socket(collection.pk, session, origin=b"http://elsewhere.example")
    assert (await socket.open())["type"] == "websocket.close"


async def test_a_suspended_admin_cannot_watch(watch: Watch, admin: User) -> None:
    admin.is_active = False
    await admin.asave()
    socket = await watch(admin)
    assert await refused(socket) == consumer.SIGNED_OUT


async def test_it_begins_with_a_snapshot(
    watch: Watch, admin: User, upload: Uploading, collection: Collection
) -> None:
    document = await database_sync_to_async(upload)()
    socket = await watch(admin)
    snapshot = await socket.frame("snapshot")

    assert snapshot["complete"] is True
    [frame] = snapshot["documents"]
    assert frame["id"] == str(document.pk)
    assert frame["name"] == "leave.md"
    assert frame["state"] == "received"
    assert frame["segments"] == ["now", "", "", "", ""]
    assert frame["words"] == "Waiting to be read"
    assert snapshot["counts"]["words"] == "0 of 1 ready"


async def test_it_follows_a_document_to_its_end(
    watch: Watch, admin: User, upload: Uploading
) -> None:
    document = await database_sync_to_async(upload)()
    socket = await watch(admin)
    await socket.frame("snapshot")

    await change(document, state=State.CHECKING, passages=120, passages_done=40)
    frame = await socket.frame("document")
    assert frame["words"] == "Checking 40 of 120 passages"
    assert frame["segments"] == ["done", "done", "now", "", ""]

    await change(document, state=State.READY, held_back=2)
    frame = await socket.frame("document")
    assert (frame["state"], frame["held_back"]) == ("ready", 2)
    assert "holds back 2 passages" in frame["detail"]
    assert (await socket.frame("counts"))["ready"] == 1


async def test_it_gives_the_reason_of_a_failure(
    watch: Watch, admin: User, upload: Uploading
) -> None:
    document = await database_sync_to_async(upload)()
    socket = await watch(admin)
    await socket.frame("snapshot")
    await change(document, state=State.FAILED, failed_in=State.READING, reason="It is damaged.")

    frame = await socket.frame("document")
    assert frame["words"] == "Failed while being read"
    assert frame["detail"] == "It is damaged."
    assert frame["segments"] == ["done", "failed", "", "", ""]


async def test_it_tells_that_a_document_is_gone(
    watch: Watch, admin: User, upload: Uploading
) -> None:
    document = await database_sync_to_async(upload)()
    socket = await watch(admin)
    await socket.frame("snapshot")
    await Document.objects.all().adelete()
    await nudge(document)

    assert await socket.frame("removed") == {"type": "removed", "id": str(document.pk)}
    assert (await socket.frame("counts"))["total"] == 0


async def test_many_nudges_become_few_frames(watch: Watch, admin: User, upload: Uploading) -> None:
    document = await database_sync_to_async(upload)()
    socket = await watch(admin)
    await socket.frame("snapshot")
    for done in range(50):
        await change(document, state=State.EMBEDDING, passages=50, passages_done=done + 1)

    frames = 1
    while (await socket.frame("document"))["passages_done"] < 50:
        frames += 1
    assert frames < 25


async def test_it_says_nothing_of_other_collections(
    watch: Watch, admin: User, upload: Uploading
) -> None:
    document = await database_sync_to_async(upload)()
    other = await Collection.objects.acreate(name="Other")
    elsewhere = await Document.objects.acreate(
        collection=other, name="secret.md", file="x", size=1, sha256="x"
    )
    socket = await watch(admin)
    snapshot = await socket.frame("snapshot")
    await nudge(elsewhere)
    await change(document, state=State.READY)

    assert [each["name"] for each in snapshot["documents"]] == ["leave.md"]
    assert (await socket.frame("document"))["id"] == str(document.pk)


async def test_what_the_page_sends_does_nothing(
    watch: Watch, admin: User, upload: Uploading
) -> None:
    document = await database_sync_to_async(upload)()
    socket = await watch(admin)
    await socket.frame("snapshot")
    for text in ("", "{", json.dumps({"type": "library.changed", "document": "x"}), "x" * 60_000):
        await socket.wire.send_input({"type": "websocket.receive", "text": text})
    await socket.wire.send_input({"type": "websocket.receive", "bytes": b"\0"})

    await change(document, state=State.READY)
    assert (await socket.frame("document"))["state"] == "ready"


@pytest.fixture
def quick_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "HEARTBEAT_SECONDS", 0.1)


async def test_a_change_of_which_the_message_was_lost_is_shown_all_the_same(
    quick_heartbeat: None, watch: Watch, admin: User, upload: Uploading
) -> None:
    await database_sync_to_async(upload)()
    socket = await watch(admin)
    await socket.frame("snapshot")
    await Document.objects.aupdate(state=State.READY, updated=timezone.now())

    while (await socket.frame("document"))["state"] != "ready":
        pass


async def test_a_redis_that_forgot_everything_costs_no_frame(
    quick_heartbeat: None, watch: Watch, admin: User, upload: Uploading, redis_url: str
) -> None:
    document = await database_sync_to_async(upload)()
    socket = await watch(admin)
    await socket.frame("snapshot")
    async with redis.asyncio.Redis.from_url(redis_url) as server:
        await server.flushdb()
    await change(document, state=State.READY)

    while (await socket.frame("document"))["state"] != "ready":
        pass


@pytest.mark.parametrize("how", ["suspended", "signed out", "no longer admin"])
async def test_the_socket_closes_when_the_person_may_not_watch_any_more(
    quick_heartbeat: None, watch: Watch, admin: User, how: str
) -> None:
    socket = await watch(admin)
    await socket.frame("snapshot")
    if how == "suspended":
        await User.objects.filter(pk=admin.pk).aupdate(is_active=False)
    elif how == "no longer admin":
        await User.objects.filter(pk=admin.pk).aupdate(role="employee")
    else:
        await database_sync_to_async(sign_out_everywhere)()

    expected = consumer.FORBIDDEN if how == "no longer admin" else consumer.SIGNED_OUT
    assert await socket.closed() == expected


async def test_it_closes_for_a_suspended_admin_also_while_much_happens(
    quick_heartbeat: None, watch: Watch, admin: User, upload: Uploading
) -> None:
    document = await database_sync_to_async(upload)()
    socket = await watch(admin)
    await socket.frame("snapshot")
    await User.objects.filter(pk=admin.pk).aupdate(is_active=False)

    over = asyncio.Event()
    busy = asyncio.create_task(nudge_until(over, document))
    try:
        assert await socket.closed() == consumer.SIGNED_OUT
    finally:
        # Not cancelled: its thread would wait for ever for a loop that waits for it.
        over.set()
        await busy


async def nudge_until(over: asyncio.Event, document: Document) -> None:
    while not over.is_set():
        await nudge(document)


def sign_out_everywhere() -> None:
    SessionStore.get_model_class().objects.all().delete()


async def test_a_deleted_collection_closes_its_socket(
    quick_heartbeat: None, watch: Watch, admin: User, collection: Collection
) -> None:
    socket = await watch(admin)
    await socket.frame("snapshot")
    await collection.adelete()
    assert await socket.closed() == consumer.UNKNOWN


async def test_with_redis_gone_the_socket_closes_so_that_the_page_connects_anew(
    quick_heartbeat: None, watch: Watch, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await watch(admin)
    await socket.frame("snapshot")

    async def gone(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(consumer.LibraryConsumer, "join", gone)
    assert await socket.closed() == consumer.CANNOT_FOLLOW


async def broken(socket: Socket) -> None:
    """Wait until the socket is closed, by the consumer or, since it fails, by the web server."""
    with suppress(redis.RedisError):
        assert await socket.closed() == consumer.CANNOT_FOLLOW
        await socket.leave()


async def connected_anew(collection_id: uuid.UUID, session: str) -> Socket:
    """As the page does: again and again until the snapshot comes."""
    while True:
        socket = Socket(collection_id, session)
        await socket.open()
        message = await socket.message()
        if message["type"] == "websocket.send":
            assert json.loads(message["text"])["type"] == "snapshot"
            return socket
        assert message == {"type": "websocket.close", "code": consumer.CANNOT_FOLLOW}
        with suppress(redis.RedisError):
            await socket.leave()


async def test_a_restart_of_redis_closes_the_socket_and_a_new_one_follows_on(  # noqa: PLR0913, PLR0917  fixtures
    quick_heartbeat: None,
    admin: User,
    upload: Uploading,
    collection: Collection,
    settings: Settings,
    tmp_path: Path,
) -> None:
    url = f"redis://:secret@127.0.0.1:{free_port()}/0"
    layers: dict[str, Any] = deepcopy(SITES_OWN_LAYERS)
    layers["default"]["CONFIG"]["hosts"][0]["address"] = url
    settings.CHANNEL_LAYERS = layers
    document = await database_sync_to_async(upload)()
    session = await database_sync_to_async(session_of)(admin)
    command = redis_command(url, tmp_path)
    with started(command, tmp_path / "log") as server:
        await asyncio.to_thread(server.until, lambda: redis_answers(url))
        socket = Socket(collection.pk, session)
        await socket.open()
        await socket.frame("snapshot")
    await broken(socket)

    with started(command, tmp_path / "log") as server:
        await asyncio.to_thread(server.until, lambda: redis_answers(url))
        socket = await connected_anew(collection.pk, session)
        await change(document, state=State.READY)
        assert (await socket.frame("document"))["state"] == "ready"
        await socket.leave()


async def test_work_goes_on_where_redis_cannot_be_reached(
    collection: Collection, settings: Settings
) -> None:
    layers: dict[str, Any] = deepcopy(SITES_OWN_LAYERS)
    layers["default"]["CONFIG"]["hosts"] = ["redis://127.0.0.1:1/0"]
    settings.CHANNEL_LAYERS = layers
    await asyncio.to_thread(progress.announce, collection.pk, uuid.uuid4())
