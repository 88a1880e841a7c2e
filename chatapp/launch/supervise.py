"""Keeps processes running: starts each in a process group of its own, writes its output to a
log, starts it again when it dies, and ends all of them, children's children included.

honcho, whose Procfile format this reads, ends everything as soon as one process ends. Here a
worker that is killed in the middle of a file must come back and finish it.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from chatapp.launch.errors import LaunchError

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
# A process that lived this long has started well: the next death is a new story.
SETTLED_SECONDS = 60.0
STARTS_BEFORE_GIVING_UP = 3
STOP_SECONDS = 4.0
TAIL_LINES = 12


@dataclass(frozen=True, slots=True)
class Program:
    """A process to keep: its command line, its environment, the folder that it runs in, and
    the file for its output."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path


@dataclass(slots=True)
class Keeper:
    """Keeps one program running until :meth:`stop`; ``tell`` is given a line at each death."""

    program: Program
    tell: Callable[[str], None]
    settled: bool = False
    process: asyncio.subprocess.Process | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.program.name}")

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        for attempt in range(1, 10**9):
            began = monotonic()
            code = await self._live()
            if self._stopping.is_set():
                return
            if not self.settled and attempt >= STARTS_BEFORE_GIVING_UP:
                raise LaunchError(self._obituary(code))
            if monotonic() - began > SETTLED_SECONDS:
                pause = FIRST_PAUSE
            self.tell(f"{self.program.name} {manner(code)} and is started again")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _live(self) -> int:
        with self.program.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.program.command,
                env=self.program.environment,
                cwd=self.program.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is the runner's to hear and to pass on
            )
        code = await self.process.wait()
        self._kill_group()  # what it forked has lost its work
        return code

    async def stop(self) -> None:
        """End the process: politely, and after STOP_SECONDS at once, with all its children."""
        self._stopping.set()
        if self._task is None:
            return
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.terminate()  # its children are its own to end: a task may finish
        await asyncio.wait([self._task], timeout=STOP_SECONDS)
        self._kill_group()
        await asyncio.wait([self._task])

    async def ended(self) -> None:
        """Wait until it was stopped or given up."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def failure(self) -> BaseException | None:
        """Why it was given up, if it was."""
        ended = self._task is not None and self._task.done() and not self._task.cancelled()
        return self._task.exception() if self._task and ended else None

    def _kill_group(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _obituary(self, code: int) -> str:
        lines = self.program.log.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(f"    {line}" for line in lines[-TAIL_LINES:])
        log = self.program.log
        return f"{self.program.name} {manner(code)} at each start. The end of {log}:\n{tail}"


def manner(code: int) -> str:
    """How a process with the exit code ``code`` (negative: a signal's number) ended."""
    if code >= 0:
        return f"ended with code {code}"
    return f"was killed ({signal.Signals(-code).name})"


async def stop_all(keepers: Sequence[Keeper]) -> None:
    """Stop several at once."""
    await asyncio.gather(*(keeper.stop() for keeper in keepers))
