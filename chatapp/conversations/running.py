"""The turns that this process runs: tasks of their own, which no socket owns.

Each turn's events go to its journal in memory, which sockets of this process follow directly, and
from there to the log in Redis. When Redis is away the turn goes on; when Redis is back, even
empty, the journal brings the log up to date.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from redis import RedisError

from chatapp.conversations import record
from chatapp.conversations.ending import cancel
from chatapp.conversations.events import Ended, Started
from chatapp.conversations.journal import Coalescer, Journal
from chatapp.conversations.log import REFRESH_SECONDS, TurnLog
from chatapp.conversations.models import Status
from chatapp.conversations.scribe import Scribe
from chatapp.conversations.turn import Tools, TurnRequest, run_turn
from chatapp.conversations.verdicts import Decided, Output
from chatapp.moderation.services import Where
from chatapp.rows import in_rows

SHUTDOWN_SECONDS = 5
MOST_OF_A_PERSON = 20
"""Turns of one person that run at once in a process, in all their conversations."""
TOO_MANY = (
    "Too many of your questions are being answered at once. Your question is kept; try again when"
    " one of them has its answer."
)
BROKEN = "Something went wrong on our side. Your question is kept; try again."
NOT_SAVED = "The answer could not be saved. Your question is kept; try again in a minute."
INTERRUPTED = "The answer was interrupted by a restart."
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A turn to run: whose and where it is, what is asked, and which model may answer; or why it
    is not answered after all."""

    turn: UUID
    conversation: UUID
    where: Where
    request: TurnRequest
    model: UUID | None = None
    refusal: str = ""

    def refused(self, why: str) -> "Job":
        return replace(self, refusal=why)


@dataclass(slots=True)
class _Running:
    job: Job
    journal: Journal = field(default_factory=Journal)
    fold: record.Fold = field(default_factory=record.Fold)
    task: asyncio.Task[None] | None = None
    ending: Ended | None = None


class RunningTurns:
    """Starts, finds and stops turns in this process. ``tools`` builds what a job works with;
    ``then`` is awaited whenever a turn of a conversation has ended."""

    def __init__(
        self,
        log: TurnLog,
        tools: Callable[[Job], Awaitable[Tools]],
        then: Callable[[UUID], Awaitable[None]],
    ) -> None:
        self._log = log
        self._scribe = Scribe(log)
        self._tools = tools
        self._then = then
        self._closing = False
        self._running: dict[UUID, _Running] = {}
        self._keeper: asyncio.Task[None] | None = None

    def start(self, job: Job) -> None:
        """Run ``job`` in a task of its own; it is refused where its person has enough that run."""
        beside = sum(
            each.job.where.person_id == job.where.person_id for each in self._running.values()
        )
        running = _Running(job if beside < MOST_OF_A_PERSON else job.refused(TOO_MANY))
        self._running[job.turn] = running
        running.task = asyncio.create_task(self._run(running), name=f"turn {job.turn}")
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_leases(), name="leases")

    def journal(self, turn: UUID) -> Journal | None:
        """The journal of ``turn`` where it runs here, else None."""
        running = self._running.get(turn)
        return running.journal if running else None

    def stop(self, turn: UUID) -> bool:
        """Stop ``turn``; False where it does not run here or is ending already."""
        running = self._running.get(turn)
        return running is not None and self._cut_short(running, Ended(Status.STOPPED, ""))

    async def close(self) -> None:
        """End every turn as interrupted, and wait until that is written."""
        self._closing = True
        now = asyncio.get_running_loop().time
        give_up = now() + SHUTDOWN_SECONDS
        while now() < give_up and (tasks := self._unfinished()):
            for running in self._running.values():
                self._cut_short(running, Ended(Status.INTERRUPTED, INTERRUPTED))
            left = give_up - now()
            await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if self._keeper is not None:
            await cancel([self._keeper])
        await self._scribe.close()

    def _unfinished(self) -> list[asyncio.Task[None]]:
        tasks = [running.task for running in self._running.values()]
        return [task for task in tasks if task is not None and not task.done()]

    @staticmethod
    def _cut_short(running: _Running, ended: Ended) -> bool:
        if running.ending is not None or running.task is None:
            return False
        running.ending = ended
        running.task.cancel()
        return True

    async def _run(self, running: _Running) -> None:
        written = self._scribe.begin(running.job.turn, running.journal)
        coalescer = Coalescer(running.journal)
        try:
            await self._play(running, coalescer)
        except asyncio.CancelledError:
            running.ending = running.ending or Ended(Status.INTERRUPTED, INTERRUPTED)
        except Exception:
            logger.exception("Turn %s broke", running.job.turn)
            running.ending = Ended(Status.FAILED, BROKEN)
        ended = await self._save(running)
        if not running.journal.events:
            coalescer.add(Started(running.job.request.question, model=""))
        coalescer.add(ended)
        await self._go_on(running.job.conversation)
        await written.wait()
        del self._running[running.job.turn]

    async def _go_on(self, conversation: UUID) -> None:
        """What waits in ``conversation`` is for another process where this one closes."""
        if not self._closing:
            await self._then(conversation)
            return
        with suppress(RedisError, OSError):
            await self._log.ask_to_go_on(conversation)

    async def _play(self, running: _Running, coalescer: Coalescer) -> None:
        async with aclosing(self._events(running.job)) as events:
            async for event in events:
                if isinstance(event, Decided):
                    await in_rows(record.decided, event, running.job.where)
                elif isinstance(event, Ended):
                    running.ending = event
                    return
                else:
                    running.fold.add(event)
                    coalescer.add(event)
        raise RuntimeError("a turn without an end")

    async def _events(self, job: Job) -> AsyncGenerator[Output, None]:
        if job.refusal:
            for opening in job.request.opening(Started(job.request.question, model="")):
                yield opening
            yield Ended(Status.FAILED, job.refusal)
            return
        async with aclosing(run_turn(job.request, await self._tools(job))) as events:
            async for event in events:
                yield event

    async def _save(self, running: _Running) -> Ended:
        """Write the row first: who hears that the turn ended may look at it."""
        ended = running.ending or Ended(Status.FAILED, BROKEN)
        try:
            await in_rows(record.finish, running.job.turn, running.fold.outcome(ended))
        except Exception:
            logger.exception("Turn %s could not be saved", running.job.turn)
            return Ended(Status.FAILED, NOT_SAVED)
        return ended

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            with suppress(RedisError, OSError):
                await self._log.claim(list(self._running))
