"""A bound on what a request may carry, before anything of it is stored.

Django puts the whole body of a request on disk before it looks at it, so that its own limits
come too late to save the disk; this stands before it.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

PLAIN_MAX_BYTES = 1024 * 1024
"""Enough for every form that carries no file."""
ENVELOPE_BYTES = 1024 * 1024
"""What multipart encoding may add to files."""
UPLOAD_SUFFIX = "/upload/"


class BodyLimit:
    """An ASGI application that answers 413 to requests with more than their ``allowance`` (paths
    that end in "/upload/") or a megabyte (all others), and 401 to more than a megabyte on such a
    path from somebody whose allowance is nothing."""

    def __init__(
        self,
        application: Application,
        allowance: Callable[[Scope], Awaitable[int]],
    ) -> None:
        self.application = application
        self.allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most, refusal = await self.bound(scope)
        try:
            await within(most, self.application, scope, receive, send)
        except TooLong:
            await refuse(send, refusal)

    async def bound(self, scope: Scope) -> tuple[int, "Refusal"]:
        """How many bytes the body may have, and what is answered to more."""
        if not scope["path"].endswith(UPLOAD_SUFFIX):
            return PLAIN_MAX_BYTES, TOO_LARGE
        allowed = await self.allowance(scope)
        if not allowed:
            return PLAIN_MAX_BYTES, NOT_ALLOWED
        return allowed + ENVELOPE_BYTES, TOO_LARGE


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    sentence: str


TOO_LARGE = Refusal(413, "The request is larger than this site allows.")
NOT_ALLOWED = Refusal(401, "Sign in as somebody who may upload files here.")


class TooLong(Exception):
    """A body has more bytes than it may have; nothing was answered yet."""


async def within(
    most: int, application: Application, scope: Scope, receive: Receive, send: Send
) -> None:
    """Let ``application`` answer a request whose body has at most ``most`` bytes. Raises TooLong
    for another, before anything of it is read where its headers say so."""
    if declared(scope) > most:
        raise TooLong
    body = Counted(receive, most)

    async def pass_on(message: Message) -> None:
        # What an application makes of half a body is not the answer.
        if body.left >= 0:
            await send(message)

    await application(scope, body, pass_on)
    if body.left < 0:
        raise TooLong


class Counted:
    """Receives a body; one that is longer than ``most`` bytes, whatever its headers said, ends
    for the application as if its sender had gone, which Django answers with nothing."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.receive = receive
        self.left = most

    async def __call__(self) -> Message:
        message = await self.receive()
        self.left -= len(message.get("body", b""))
        return message if self.left >= 0 else {"type": "http.disconnect"}


def declared(scope: Scope) -> int:
    """The length that the request's headers announce; 0 where they announce none."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def refuse(send: Send, refusal: Refusal) -> None:
    body = json.dumps({"error": refusal.sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # What is still on its way is not read.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
