"""What stands before the API: who calls, how often, and how much they send.

It is settled by the headers alone, before anything of a body is kept: somebody without a key can
store nothing here. There is no session and no cookie on this side of the house, so that no page of
another site can call in a person's name.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from uuid import uuid4

import orjson

from chatapp.accounts.models import Role
from chatapp.api import keys
from chatapp.api.errors import ApiError, Forbidden, TooLarge, TooMany, Unauthenticated
from chatapp.api.keys import Caller, Denied
from chatapp.api.limits import Limits
from chatapp.api.models import Scope as KeyScope
from chatapp.library.body_limit import (
    ENVELOPE_BYTES,
    PLAIN_MAX_BYTES,
    TOO_LARGE,
    Application,
    Counted,
    Message,
    Receive,
    Scope,
    Send,
    TooLong,
    declared,
    within,
)
from chatapp.rows import in_rows

UPLOAD_PATH = "/v1/files"
OPEN_PATHS = ("/v1/openapi.json",)
"""What everybody may read: it tells nothing of this site."""
NO_KEY = "Send an API key as “Authorization: Bearer …”."
LINGER_SECONDS = 2.0
NO_FILES = "Only admins send files, with a key that may change collections."
BROKEN = "Something went wrong on our side. Try again."
TOO_MANY = "This API key has used up its requests. Wait a little, then try again."
logger = logging.getLogger(__name__)


class Gate:
    """An ASGI application in front of ``application``, which finds the caller in
    ``scope["state"]["caller"]``. ``limits`` gives those of this event loop."""

    def __init__(
        self, application: Application, limits: Callable[[], Limits], upload_max_bytes: int
    ) -> None:
        self._application = application
        self._limits = limits
        self._upload_max_bytes = upload_max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = Answer(send)
        try:
            most = await self._admit(scope, answer)
        except ApiError as error:
            await drained(scope, receive)
            await answer.refuse(error)
            return
        try:
            await self._serve(most, scope, receive, answer)
        except ApiError as error:
            await answer.refuse(error)
        except Exception:
            logger.exception("%s %s broke", scope["method"], scope["path"])
            await answer.refuse(ApiError(BROKEN))

    async def _admit(self, scope: Scope, answer: "Answer") -> int:
        """How many bytes the body may have. Raises ApiError for a request that is not served."""
        if scope["path"] not in OPEN_PATHS:
            scope["state"] = {**scope.get("state", {}), "caller": await caller(scope)}
            await self._count(scope, answer)
        return self._most(scope)

    async def _serve(self, most: int, scope: Scope, receive: Receive, answer: "Answer") -> None:
        try:
            await within(most, self._application, scope, receive, answer.send)
        except TooLong:
            raise TooLarge(TOO_LARGE.sentence) from None

    async def _count(self, scope: Scope, answer: "Answer") -> None:
        allowance = await self._limits().take(scope["state"]["caller"].prefix)
        answer.add(allowance.headers)
        if not allowance.taken:
            raise TooMany(TOO_MANY, allowance.wait)

    def _most(self, scope: Scope) -> int:
        """How many bytes the body may have. Raises Forbidden for files of somebody who may send
        none."""
        if scope["path"] != UPLOAD_PATH or scope["method"] != "POST":
            return PLAIN_MAX_BYTES
        if not may_send(scope["state"]["caller"]):
            raise Forbidden(NO_FILES)
        return self._upload_max_bytes + ENVELOPE_BYTES


class Answer:
    """The way back, on which every answer gets the headers that all of them have."""

    def __init__(self, send: Send) -> None:
        self.begun = False
        self._send = send
        self._headers = {
            "x-request-id": f"req_{uuid4().hex}",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }

    def add(self, headers: Mapping[str, str]) -> None:
        self._headers |= headers

    async def refuse(self, error: ApiError) -> None:
        """Answer with ``error``, unless an answer is under way."""
        if self.begun:
            return
        body = orjson.dumps(error.body())
        own = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",  # what is still on its way is not read
        }
        headers = encoded({**own, **error.headers})
        await self.send({"type": "http.response.start", "status": error.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            message = {**message, "headers": [*message["headers"], *encoded(self._headers)]}
        await self._send(message)


async def drained(scope: Scope, receive: Receive) -> None:
    """Read a short body that is still on its way: a client that sends while nobody reads is cut
    off, and never sees why it is refused. Nothing of it is kept."""
    if declared(scope) > PLAIN_MAX_BYTES:
        return
    body = Counted(receive, PLAIN_MAX_BYTES)
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while (await body()).get("more_body"):
                pass


def may_send(caller: Caller) -> bool:
    """Whether files are taken of ``caller``: of whom the library's page takes them, with a key
    that may change collections."""
    return caller.person.role == Role.ADMIN and KeyScope.COLLECTIONS_WRITE in caller.scopes


async def caller(scope: Scope) -> Caller:
    """Whose key came with the request. Raises Unauthenticated."""
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, token = given[0].decode("latin-1").partition(" ") if len(given) == 1 else ("",) * 3
    if scheme.lower() != "bearer":
        raise Unauthenticated(NO_KEY)
    try:
        found: Caller = await in_rows(keys.authenticate, token.strip())
    except Denied as error:
        raise Unauthenticated(str(error)) from None
    return found


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
