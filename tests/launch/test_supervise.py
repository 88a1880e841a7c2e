"""Processes are kept running, given up when they never start, and ended with their children."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from chatapp.launch import supervise
from chatapp.launch.errors import LaunchError
from chatapp.launch.supervise import Keeper, Program

# Writes its id and waits; ignores SIGTERM if told so.
WAITS = """
import os, signal, sys, time
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(600)
"""
# Writes its id and that of a child, and waits.
FORKS = """
import os, time
child = os.fork()
if child: print(os.getpid(), child, flush=True)
time.sleep(600)
"""
FAILS = "import sys; sys.exit('no such model')"


@pytest.fixture
def keeper(tmp_path: Path) -> Callable[..., Keeper]:
    def make(code: str, *arguments: str) -> Keeper:
        log = tmp_path / "log"
        command = [sys.executable, "-c", code, *arguments]
        program = Program("sleeper", command, os.environ, tmp_path, log)
        return Keeper(program, lines.append)

    lines: list[str] = []
    make.lines = lines  # type: ignore[attr-defined]  # so that a test sees what was told
    return make


async def ids(keeper: Keeper, count: int) -> list[int]:
    """The process ids in the log, once there are ``count``."""
    while True:
        words = keeper.program.log.read_text().split() if keeper.program.log.exists() else []
        if len(words) >= count:
            return [int(word) for word in words]
        await asyncio.sleep(0.01)


async def test_a_process_that_was_killed_is_started_again_and_said_to_be(
    keeper: Callable[..., Keeper],
) -> None:
    kept = keeper(WAITS)
    kept.start()
    (first,) = await ids(kept, 1)
    psutil.Process(first).kill()
    _, second = await ids(kept, 2)
    assert psutil.pid_exists(second)
    assert keeper.lines == ["sleeper was killed (SIGKILL) and is started again"]  # type: ignore[attr-defined]  # see above
    await kept.stop()


async def test_a_process_that_never_starts_is_given_up_with_the_end_of_its_log(
    keeper: Callable[..., Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "FIRST_PAUSE", 0.01)
    kept = keeper(FAILS)
    kept.start()
    await kept.ended()
    failure = kept.failure()
    assert isinstance(failure, LaunchError)
    assert "ended with code 1 at each start" in str(failure)
    assert "no such model" in str(failure)


async def test_a_command_that_does_not_exist_is_a_failure(keeper: Callable[..., Keeper]) -> None:
    kept = keeper(WAITS)
    kept.program = Program("x", ["/nonexistent"], {}, Path("/"), kept.program.log)
    kept.start()
    await kept.ended()
    failure = kept.failure()
    assert isinstance(failure, FileNotFoundError)


async def test_stopping_ends_the_process_and_is_no_failure(keeper: Callable[..., Keeper]) -> None:
    kept = keeper(WAITS)
    kept.start()
    (pid,) = await ids(kept, 1)
    await kept.stop()
    assert not psutil.pid_exists(pid)
    assert kept.failure() is None


async def test_a_process_that_will_not_stop_is_killed(
    keeper: Callable[..., Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "STOP_SECONDS", 0.2)
    kept = keeper(WAITS, "stubborn")
    kept.start()
    (pid,) = await ids(kept, 1)
    await kept.stop()
    assert not psutil.pid_exists(pid)


async def test_what_a_process_forked_ends_with_it(keeper: Callable[..., Keeper]) -> None:
    kept = keeper(FORKS)
    kept.start()
    _, child = await ids(kept, 2)
    orphan = psutil.Process(child)
    await kept.stop()
    await asyncio.wait_for(gone(orphan), 10)


async def test_what_a_killed_process_forked_does_not_stay(keeper: Callable[..., Keeper]) -> None:
    kept = keeper(FORKS)
    kept.start()
    parent, child = await ids(kept, 2)
    orphan = psutil.Process(child)
    psutil.Process(parent).kill()
    await ids(kept, 4)
    await asyncio.wait_for(gone(orphan), 10)
    await kept.stop()


async def test_several_stop_at_once(keeper: Callable[..., Keeper]) -> None:
    kept = keeper(WAITS)
    kept.start()
    (pid,) = await ids(kept, 1)
    await supervise.stop_all([kept, keeper(WAITS)])  # the second was never started
    assert not psutil.pid_exists(pid)


async def gone(process: psutil.Process) -> None:
    """Return once it is dead: gone, or a zombie where nobody reaps orphans, as in a container."""
    while True:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return
        await asyncio.sleep(0.01)


def test_the_manner_of_a_death_is_told_in_words() -> None:
    assert supervise.manner(3) == "ended with code 3"
    assert supervise.manner(-11) == "was killed (SIGSEGV)"
