"""Fetching models onto a server that does that by itself, only ever because an admin asked.

A worker watches the server's progress for a stint at a time, since tasks have a time limit: at its
end it lets go and another stint goes on from what has come. One pull is watched at a time, since
all else that workers do, documents first of all, needs them too; the others wait. Each change of a
pull's state is a guarded update, so that of two workers one watches and whoever cancels is heard.
"""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.backends.base import Pulled, Puller
from chatapp.backends.errors import BackendError, Unreachable
from chatapp.catalog.looking import look_at
from chatapp.catalog.models import UNFINISHED_PULLS, Endpoint, Pull, PullState
from chatapp.catalog.rows import address_of
from chatapp.catalog.secret import Unreadable
from chatapp.catalog.watch import fitting

STINT_SECONDS = 480.0
WRITE_SECONDS = 0.5
BEAT_SECONDS = 5.0
LOST = timedelta(seconds=45)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}")
UNREADABLE = "The server's API key cannot be read: give it again on its page."
TROUBLES = {
    r"no such host|dial tcp|network is unreachable|proxyconnect|i/o timeout|tls: ": (
        "The model server cannot reach the library. On a site without internet, copy the model"
        " to that server instead."
    ),
    r"file does not exist|not found|manifest unknown|\b40[14]\b": (
        "The library has no model of this name."
    ),
    r"no space left": "The model server's disk is full. Make room there, and ask again.",
    r"digest mismatch": "What came did not match its digest and was thrown away. Ask again.",
    r"newer version of ollama|\b412\b": "This model needs a newer Ollama on that server.",
}
logger = logging.getLogger(__name__)


class Invalid(Exception):
    """``str(error)`` is a sentence for the admin."""


def ask(endpoint: Endpoint, name: str, by: User) -> Pull:
    """A new pull, which a worker is to take up. Raises Invalid."""
    name = name.strip()
    if not NAME.fullmatch(name):
        raise Invalid("Give a model's name as Ollama's library has it, such as qwen3:8b.")
    try:
        with transaction.atomic():
            made = Pull.objects.create(endpoint=endpoint, name=name)
    except IntegrityError:
        raise Invalid(f"{name} is being fetched already.") from None
    logger.info("%s lets %s fetch %s", by.username, endpoint.name, name)
    return made


def cancel(pull: Pull, by: User) -> None:
    """End it; what has come is kept by the server for the next time."""
    if _unfinished(pull).update(state=PullState.CANCELLED, ended=timezone.now()):
        logger.info("%s cancelled fetching %s", by.username, pull.name)


def lost() -> list[int]:
    """Unfinished pulls at which nobody works: their turn has not come, or a worker died."""
    silent = Pull.objects.filter(state__in=UNFINISHED_PULLS, beat__lt=timezone.now() - LOST)
    return list(silent.values_list("pk", flat=True))


def work(pull: int) -> bool:
    """A stint at ``pull``; whether another one is due."""
    if not _claimed(pull):
        return False
    row = Pull.objects.select_related("endpoint").get(pk=pull)
    try:
        puller = wiring.puller_at(address_of(row.endpoint))
        if puller is None:
            raise Unreachable("It does not fetch models by itself.")
        return _watch(row, puller)
    except Unreadable:
        _end(row, PullState.FAILED, reason=UNREADABLE)
    except BackendError as error:
        _end(row, PullState.FAILED, reason=trouble(error))
    return False


def trouble(error: BackendError) -> str:
    """What went wrong, in words; the server's own where they are none that we know."""
    said = str(error)
    known = (words for mark, words in TROUBLES.items() if re.search(mark, said, re.I))
    if isinstance(error, Unreachable):
        return f"The model server cannot be reached, or broke off: {said}"[:300]
    return next(known, f"The model server says: {said}"[:300])


def _claimed(pull: int) -> bool:
    now = timezone.now()
    waits = Q(state=PullState.QUEUED) | Q(state=PullState.RUNNING, beat__lt=now - LOST)
    values = {"state": PullState.RUNNING, "beat": now}
    if Pull.objects.filter(state=PullState.RUNNING, beat__gte=now - LOST).exists():
        return False
    return Pull.objects.filter(waits, pk=pull).update(**values) == 1


def _unfinished(row: Pull) -> Any:
    return Pull.objects.filter(pk=row.pk, state__in=UNFINISHED_PULLS)


def _end(row: Pull, state: PullState, **values: str) -> None:
    told = {name: value.replace("\0", "") for name, value in values.items()}
    _unfinished(row).update(state=state, ended=timezone.now(), **told)


def _watch(row: Pull, puller: Puller) -> bool:
    """Whether the stint ended before the pull. Raises BackendError."""
    until, written, seen = monotonic() + STINT_SECONDS, 0.0, Pulled("", row.completed, row.total)
    with progress(puller.pull(row.name)) as steps:
        for step in steps:
            seen = step or seen
            if step is None or monotonic() - written > WRITE_SECONDS:
                if not _note(row, seen):
                    return False
                written = monotonic()
            if monotonic() > until:
                return bool(_unfinished(row).update(state=PullState.QUEUED))
    _note(row, seen)
    _end(row, PullState.DONE, digest=_digest(row))
    return False


def _note(row: Pull, seen: Pulled) -> bool:
    """Write down how far it is; False where it was cancelled, or its server removed."""
    return bool(
        _unfinished(row).update(
            status=seen.status.replace("\0", ""),
            completed=seen.completed,
            total=seen.total,
            beat=timezone.now(),
        )
    )


def _digest(row: Pull) -> str:
    """Of what is there now; looking at it pins it where the model is offered already."""
    found = fitting(look_at(row.endpoint).served, row.name)
    return found.digest[:100] if found else ""


@dataclass(slots=True)
class _Steps:
    """The items of an asynchronous stream, for code that is not; None after each silence of
    BEAT_SECONDS."""

    runner: asyncio.Runner
    stream: AsyncGenerator[Pulled, None]
    pending: "asyncio.Task[Pulled | None] | None" = None

    def __iter__(self) -> Iterator[Pulled | None]:
        while True:
            is_there, step = self.runner.run(self._next())
            if is_there and step is None:
                return
            yield step

    async def _next(self) -> tuple[bool, Pulled | None]:
        if self.pending is None:
            self.pending = asyncio.ensure_future(anext(self.stream, None))
        done, _ = await asyncio.wait({self.pending}, timeout=BEAT_SECONDS)
        if not done:
            return False, None
        step, self.pending = self.pending.result(), None
        return True, step

    async def close(self) -> None:
        if self.pending is not None:
            self.pending.cancel()
            await asyncio.wait({self.pending})
        await self.stream.aclose()


@contextmanager
def progress(stream: AsyncGenerator[Pulled, None]) -> Iterator[_Steps]:
    """The steps of ``stream``; at the end of the block it is closed, and the request with it."""
    with asyncio.Runner() as runner:
        steps = _Steps(runner, stream)
        try:
            yield steps
        finally:
            runner.run(steps.close())
