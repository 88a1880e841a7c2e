"""Requests that are too large are refused before anything of them is stored."""

import json
import tempfile

import pytest
from django.core.asgi import get_asgi_application

from chatapp.library.body_limit import ENVELOPE_BYTES, PLAIN_MAX_BYTES, BodyLimit, Message, Scope

UPLOAD_MAX = 2 * 1024 * 1024
UPLOAD = "/library/5b0c7c4e-4f1e-4c55-9f0f-0d6a3e0f6f55/upload/"


def scope(path: str, *headers: tuple[bytes, bytes]) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"testserver"), *headers],
    }


class Sender:
    """Sends ``size`` bytes in pieces; counts what was taken of it and keeps the answer."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.taken = 0
        self.answer: list[Message] = []

    async def receive(self) -> Message:
        piece = min(65536, self.size - self.taken)
        self.taken += piece
        more = self.taken < self.size
        return {"type": "http.request", "body": b"x" * piece, "more_body": more}

    async def send(self, message: Message) -> None:
        self.answer.append(message)

    @property
    def status(self) -> int:
        return int(self.answer[0]["status"])


async def anybody(_: Scope) -> int:
    return UPLOAD_MAX


async def nobody(_: Scope) -> int:
    return 0


async def echo(_: Scope, receive: object, send: object) -> None:
    """An application that reads everything and answers 200."""
    while (message := await receive())["type"] == "http.request":  # type: ignore[operator]  # ASGI
        if not message.get("more_body"):
            await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]  # ASGI
            return


@pytest.mark.parametrize(
    ("path", "most"), [(UPLOAD, UPLOAD_MAX + ENVELOPE_BYTES), ("/sign-in/", PLAIN_MAX_BYTES)]
)
async def test_it_takes_as_much_as_the_path_may_carry(path: str, most: int) -> None:
    sender = Sender(most)
    await BodyLimit(echo, anybody)(scope(path), sender.receive, sender.send)
    assert sender.status == 200


@pytest.mark.parametrize("path", [UPLOAD, "/sign-in/"])
async def test_it_refuses_an_announced_length_without_reading(path: str) -> None:
    sender = Sender(10**9)
    length = (b"content-length", b"1000000000")
    await BodyLimit(echo, anybody)(scope(path, length), sender.receive, sender.send)

    assert sender.status == 413
    assert sender.taken == 0
    assert "larger than this site allows" in json.loads(sender.answer[1]["body"])["error"]


@pytest.mark.parametrize(
    "length", [(), ((b"content-length", b"10"),), ((b"content-length", b"x"),)]
)
async def test_it_stops_reading_a_body_that_is_longer_than_announced(
    length: tuple[tuple[bytes, bytes], ...],
) -> None:
    sender = Sender(10**9)
    await BodyLimit(echo, anybody)(scope(UPLOAD, *length), sender.receive, sender.send)

    assert sender.status == 413
    assert sender.taken <= UPLOAD_MAX + ENVELOPE_BYTES + 65536


async def test_django_behind_it_stores_nothing_of_a_body_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files: list[tempfile.SpooledTemporaryFile[bytes]] = []
    make = tempfile.SpooledTemporaryFile

    def noted(*args: object, **kwargs: object) -> "tempfile.SpooledTemporaryFile[bytes]":
        files.append(make(*args, **kwargs))  # type: ignore[call-overload]  # passed on as they came
        return files[-1]

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", noted)
    sender = Sender(10**9)
    application = BodyLimit(get_asgi_application(), anybody)
    await application(scope(UPLOAD), sender.receive, sender.send)

    assert sender.status == 413
    assert [file.closed for file in files] == [True]


@pytest.mark.parametrize("length", [(), ((b"content-length", b"1000000000"),)])
async def test_it_takes_no_files_of_somebody_who_may_send_none(
    length: tuple[tuple[bytes, bytes], ...],
) -> None:
    sender = Sender(10**9)
    await BodyLimit(echo, nobody)(scope(UPLOAD, *length), sender.receive, sender.send)

    assert sender.status == 401
    assert sender.taken <= PLAIN_MAX_BYTES + 65536


async def test_a_small_form_of_somebody_who_may_send_no_files_is_still_answered() -> None:
    sender = Sender(1000)
    await BodyLimit(echo, nobody)(scope(UPLOAD), sender.receive, sender.send)
    assert sender.status == 200
