"""Frames that nobody should send: each is refused with a code, and the server is well."""

from uuid import uuid4

import pytest
from django.conf import settings

from chatapp.accounts.models import User
from chatapp.conversations.consumer import FRAMES_AT_ONCE
from chatapp.conversations.models import Turn
from tests.conversations.conftest import Connect, Socket, kinds


async def assert_well(connect: Connect, user: User) -> None:
    socket = await connect(user)
    await socket.ask("Are you well?")
    assert kinds(await socket.until_end())[-1] == "ended"


async def test_malformed_frames_are_refused_and_the_third_closes(
    connect: Connect, employee: User
) -> None:
    socket = await connect(employee)
    for text in ("{", '{"type":"delete"}'):
        await socket.send_text(text)
        refused = await socket.next()
        assert (refused["type"], refused["code"]) == ("error", "malformed")
    await socket.ask("Still here?")
    await socket.until_end()
    await socket.send_text("[]")
    assert (await socket.next())["code"] == "malformed"
    assert await socket.closed() == 4400
    await assert_well(connect, employee)


async def test_a_binary_frame_closes(connect: Connect, employee: User) -> None:
    socket = await connect(employee)
    await socket.wire.send_input({"type": "websocket.receive", "bytes": b"\x00" * 10})
    assert await socket.closed() == 1003


async def test_flooding_closes(
    connect: Connect, employee: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:  # however slow the machine, this is faster
        slow.setattr("chatapp.conversations.consumer.FRAMES_PER_SECOND", 0)
        socket = await connect(employee)
        for _ in range(FRAMES_AT_ONCE + 1):
            await socket.send(type="stop", turn=str(uuid4()))
        assert await socket.closed() == 4429
    await assert_well(connect, employee)


async def test_a_question_that_is_too_long_is_refused(connect: Connect, employee: User) -> None:
    socket = await connect(employee)
    refused = await socket.ask("x" * (settings.QUESTION_MAX_CHARS + 1))
    assert (refused["code"], bool(refused["client_id"])) == ("too_long", True)
    assert f"{settings.QUESTION_MAX_CHARS:,}" in refused["message"]
    assert (await socket.ask(" \n\0\t "))["code"] == "empty"
    assert await Turn.objects.acount() == 0


@pytest.mark.parametrize(
    "origin", [b"http://evil.example", b"http://testserver.evil.example", b"null", b""]
)
async def test_a_foreign_origin_is_refused_at_the_handshake(
    rows: None, redis_url: str, origin: bytes
) -> None:
    socket = Socket(origin=origin)
    await socket.wire.send_input({"type": "websocket.connect"})
    assert (await socket.wire.receive_output(20))["type"] == "websocket.close"
    await socket.close()
