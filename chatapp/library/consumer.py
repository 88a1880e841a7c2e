"""The socket on which a collection's page follows its documents: ``/ws/library/<uuid>/``.

It sends and never listens. First comes a ``snapshot``, then a ``document`` for each that changed,
a ``removed`` for each that is gone, and ``counts`` with them. Close codes: 4401 not signed in,
4403 not allowed, 4404 no such collection, 1011 the server cannot follow just now: connect anew.
"""

import asyncio
import json
import logging
import uuid
from contextlib import suppress
from time import monotonic
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from redis import RedisError

from chatapp.access import managed_collections
from chatapp.accounts.models import Role
from chatapp.accounts.sessions import person_of
from chatapp.library import frames, progress
from chatapp.rows import in_rows

log = logging.getLogger(__name__)

SIGNED_OUT = 4401
FORBIDDEN = 4403
UNKNOWN = 4404
CANNOT_FOLLOW = 1011
FLUSH_SECONDS = 0.2
HEARTBEAT_SECONDS = 10.0
LOOK_BACK_SECONDS = 60.0


class LibraryConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One page that watches one collection."""

    async def connect(self) -> None:
        self.collection_id: uuid.UUID = self.scope["url_route"]["kwargs"]["collection_id"]
        self.changed: set[uuid.UUID] = set()
        self.wake = asyncio.Event()
        self.look_at = monotonic() + HEARTBEAT_SECONDS
        self.follower: asyncio.Task[None] | None = None
        await self.accept()
        if not await self.may_watch():
            return
        try:
            await self.join()
        except (RedisError, OSError):
            await self.close(CANNOT_FOLLOW)
            return
        await self.send_frame(await in_rows(frames.snapshot, self.collection_id))
        self.follower = asyncio.create_task(self.follow())

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  Channels passes it
        if self.follower:
            self.follower.cancel()
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def library_changed(self, nudge: dict[str, Any]) -> None:
        """A worker or a page did something to a document."""
        self.changed.add(uuid.UUID(nudge["document"]))
        self.wake.set()

    @property
    def group(self) -> str:
        return progress.group_name(self.collection_id)

    async def join(self) -> None:
        """Also renews a membership that a restart of Redis forgot."""
        await self.channel_layer.group_add(self.group, self.channel_name)

    async def follow(self) -> None:
        """Send what changed, a few times a second at most, until the socket closes."""
        try:
            while await self.nudged():
                changed, self.changed = self.changed, set()
                for frame in await in_rows(frames.changes, self.collection_id, changed):
                    await self.send_frame(frame)
                await asyncio.sleep(FLUSH_SECONDS)
        except Exception:
            log.exception("A page cannot follow the library")
            await self.close(CANNOT_FOLLOW)

    async def nudged(self) -> bool:
        """Wait until there may be something to send; false where the person may not watch any
        more. Every few seconds it looks without being told, however much it is told."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), self.look_at - monotonic())
        if monotonic() >= self.look_at and not await self.look():
            return False
        self.wake.clear()
        return True

    async def look(self) -> bool:
        """Find what no nudge told; false where the person may not watch any more."""
        if not await self.may_watch():
            return False
        await self.join()
        self.changed |= await in_rows(frames.changed_within, self.collection_id, LOOK_BACK_SECONDS)
        self.look_at = monotonic() + HEARTBEAT_SECONDS
        return True

    async def may_watch(self) -> bool:
        """Whether this person may watch; closes the socket with the reason where not."""
        # The scope's own session is as it was when the socket opened.
        key = self.scope["session"].session_key
        refusal = await in_rows(refusal_for, key, self.collection_id)
        if refusal:
            await self.close(refusal)
        return refusal is None

    async def send_frame(self, frame: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(frame))


def refusal_for(session: str | None, collection_id: uuid.UUID) -> int | None:
    """The close code for the person of this session, or None where they may watch."""
    user = person_of(session)
    if user is None:
        return SIGNED_OUT
    if user.role != Role.ADMIN:
        return FORBIDDEN
    return None if managed_collections(user).filter(pk=collection_id).exists() else UNKNOWN
