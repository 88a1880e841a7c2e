"""The chat socket; docs/protocol.md is its contract.

No handler waits for a turn: a turn is a task of the process (``running.py``), and following one is
a task of the socket, which takes the next event only when the last one was sent.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from redis import RedisError

from chatapp import access
from chatapp.accounts.models import User
from chatapp.accounts.sessions import person_of
from chatapp.conversations import asking
from chatapp.conversations.ending import cancel
from chatapp.conversations.events import encode
from chatapp.conversations.flow import Bucket
from chatapp.conversations.following import EventsGone
from chatapp.conversations.frames import (
    Attach,
    Continue,
    Follow,
    Frame,
    Malformed,
    Regenerate,
    Send,
    Stop,
    parse,
)
from chatapp.conversations.live import live
from chatapp.conversations.models import UNFINISHED
from chatapp.conversations.outlook import Outlook
from chatapp.conversations.problems import NO_CONVERSATION, NO_TURN, Problem
from chatapp.rows import in_rows

BINARY = 1003
MALFORMED = 4400
SIGNED_OUT = 4401
FLOODING = 4429
FRAMES_PER_SECOND = 20
FRAMES_AT_ONCE = 40
MALFORMED_FRAMES = 3
FOLLOWED_TURNS = 20
LOOK_AT_SESSION_SECONDS = 10
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


class SignedOut(Exception):
    """The session has ended, or its person is suspended."""


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One socket of one signed-in person."""

    channel_layer_alias = ""  # none: nobody sends to a socket, and each would hold a connection

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bucket = Bucket(FRAMES_PER_SECOND, FRAMES_AT_ONCE)
        self._malformed = 0
        self._closed = False
        self._followed: dict[UUID, asyncio.Task[None]] = {}
        self._watch: list[asyncio.Task[None]] = []
        self._looked = 0.0

    async def connect(self) -> None:
        await self.accept()
        await self._person()

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  the protocol of Channels
        self._closed = True
        await cancel([*self._followed.values(), *self._watch])

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._closed:
            return
        if not self._bucket.take():
            await self._close(FLOODING)
        elif text_data is None or bytes_data is not None:
            await self._close(BINARY)
        else:
            await self._read(text_data)

    async def _read(self, text: str) -> None:
        try:
            frame = parse(text)
        except Malformed as error:
            await self._error("malformed", str(error))
            self._malformed += 1
            if self._malformed >= MALFORMED_FRAMES:
                await self._close(MALFORMED)
            return
        try:
            await self._obey(frame)
        except SignedOut:
            await self._close(SIGNED_OUT)

    async def _obey(self, frame: Frame) -> None:
        """Raises SignedOut."""
        match frame:
            case Send() | Regenerate() | Continue():
                await self._take(frame)
            case Attach():
                await self._attach(frame)
            case Stop():
                await self._stop(frame)
            case Follow():
                await self._follow_conversation(frame)

    # --- what a client may ask ----------------------------------------------------------------

    async def _take(self, frame: Send | Regenerate | Continue) -> None:
        client = str(frame.client_id)
        if len(self._followed) >= FOLLOWED_TURNS:
            await self._error("busy", "Too many answers at once on this page.", client_id=client)
            return
        try:
            asked = await self._for_person(lambda person: _asked(person, frame))
        except Problem as problem:
            await self._error(problem.code, str(problem), client_id=client)
            return
        if asked.job is not None:
            live().turns.start(asked.job)
        await self._frame(
            "accepted",
            client_id=client,
            turn=str(asked.turn),
            parent=asked.parent and str(asked.parent),
            conversation=str(asked.conversation),
            title=asked.title,
            status=asked.status,
        )
        await self._follow(asked.turn, 0, over=asked.status not in UNFINISHED)
        if asked.made:
            await live().announce(asked.conversation)

    async def _attach(self, frame: Attach) -> None:
        turn = str(frame.turn)
        status = await self._for_person(lambda person: _status(person, frame.turn))
        if status is None:
            await self._error("not_found", NO_TURN, turn=turn)
        elif len(self._followed) >= FOLLOWED_TURNS and frame.turn not in self._followed:
            await self._error("busy", "Too many answers at once on this page.", turn=turn)
        else:
            await self._follow(frame.turn, frame.after, over=status not in UNFINISHED)

    async def _stop(self, frame: Stop) -> None:
        status = await self._for_person(lambda person: _status(person, frame.turn))
        if status is None:
            await self._error("not_found", NO_TURN, turn=str(frame.turn))
        elif status in UNFINISHED:
            try:
                await live().stop(frame.turn)
            except (RedisError, OSError):
                message = "The answer cannot be stopped at the moment. Try again."
                await self._error("unavailable", message, turn=str(frame.turn))

    async def _follow_conversation(self, frame: Follow) -> None:
        person = await self._for_person(lambda person: person)
        await cancel(self._watch)
        if frame.conversation is not None:
            outlook = Outlook(frame.conversation)
            self._watch = [asyncio.create_task(self._tell_all(person, outlook))]

    # --- following ----------------------------------------------------------------------------

    async def _follow(self, turn: UUID, after: int, over: bool) -> None:
        previous = self._followed.get(turn)
        if previous is not None:
            await cancel([previous])
        self._followed[turn] = asyncio.create_task(self._push_all(turn, after, over))

    async def _push_all(self, turn: UUID, after: int, over: bool) -> None:
        try:
            await self._push(turn, after, over)
        except EventsGone:
            message = "The steps of this answer are no longer kept. Load the page again."
            await self._error("gone", message, turn=str(turn))
        except OSError:
            pass  # the socket is gone; its disconnect follows
        except Exception:
            logger.exception("Following turn %s broke", turn)
        finally:
            if self._followed.get(turn) is asyncio.current_task():
                del self._followed[turn]

    async def _push(self, turn: UUID, after: int, over: bool) -> None:
        name = str(turn).encode()
        async with aclosing(live().following.turn(turn, after, over)) as events:
            async for seq, event in events:
                if monotonic() - self._looked > LOOK_AT_SESSION_SECONDS:
                    await self._person()
                if self._closed:
                    return
                frame = b'{"type":"event","turn":"%b","seq":%d,"event":%b}'
                await self.send(text_data=(frame % (name, seq, encode(event))).decode())

    async def _tell_all(self, person: User, outlook: Outlook) -> None:
        try:
            await self._tell(person, outlook)
        except OSError:
            pass  # the socket is gone; its disconnect follows
        except Exception:
            logger.exception("Following conversation %s broke", outlook.conversation)

    async def _tell(self, person: User | None, outlook: Outlook) -> None:
        """News of a conversation, until it is gone or not this person's any more."""
        changes = live().following.conversation(outlook.conversation)
        async with aclosing(changes):
            async for _ in changes:
                if monotonic() - self._looked > LOOK_AT_SESSION_SECONDS:
                    person = await self._person()
                if person is None or self._closed:
                    return
                frames = await in_rows(outlook.look, person)
                if frames is None:
                    about = {"conversation": str(outlook.conversation)}
                    await self._error("not_found", NO_CONVERSATION, **about)
                    return
                for frame in frames:
                    await self._frame(**frame)

    # --- the socket ---------------------------------------------------------------------------

    async def _person(self) -> User | None:
        """Who this is at this moment; where the session has ended, the socket is closed."""
        try:
            return await self._for_person(lambda person: person)
        except SignedOut:
            await self._close(SIGNED_OUT)
            return None

    async def _for_person(self, work: Callable[[User], Result]) -> Result:
        """What ``work`` gives for whoever this is at this moment. Raises what it raises, and
        SignedOut where the session has ended."""
        self._looked = monotonic()

        def with_person() -> Result:
            person = person_of(self.scope["session"].session_key)
            if person is None:
                raise SignedOut
            return work(person)

        return await in_rows(with_person)

    async def _close(self, code: int) -> None:
        if not self._closed:
            self._closed = True
            await self.close(code)

    async def _error(self, code: str, message: str, **about: str) -> None:
        await self._frame("error", code=code, message=message, **about)

    async def _frame(self, type: str, **fields: Any) -> None:  # noqa: A002  the wire's own word
        await self.send(text_data=orjson.dumps({"type": type, **fields}).decode())


def _status(person: User, turn: UUID) -> str | None:
    """How the person's turn stands; None where it is not theirs."""
    return access.own_turns(person).filter(id=turn).values_list("status", flat=True).first()


def _asked(person: User, frame: Send | Regenerate | Continue) -> asking.Asked:
    """Raises Problem."""
    match frame:
        case Send():
            return asking.ask(person, frame)
        case Regenerate():
            return asking.regenerate(person, frame)
        case Continue():
            return asking.go_on(person, frame)
