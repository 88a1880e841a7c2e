"""Children that never outlive their runner, however it ends.

Three nets: the kernel kills a child when its runner dies (PR_SET_PDEATHSIG); whoever stops the
children looks for what they left; and the next start does so again. What belongs to a runner is
told by a mark in the environment, which children of children inherit, so no stranger is killed.
"""

import ctypes
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

MARK = "PARAPET_RUN"
RUNNER = "PARAPET_RUNNER"
NAME = "PARAPET_PROCESS"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def marks(var: Path, name: str) -> dict[str, str]:
    """The environment variables that mark a child of this process as its ``name``."""
    return {MARK: str(var.resolve()), RUNNER: str(os.getpid()), NAME: name}


def die_with_parent() -> None:
    """Have the kernel kill this process as soon as the one that started it has died.

    SIGKILL, since every process here must survive that anyway, and a politer signal leaves the
    next start waiting for the last one's work.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def follow_runner() -> None:
    """Die with the runner that started this process; nothing where a container started it."""
    runner = os.environ.get(RUNNER)
    if runner is None:
        return
    die_with_parent()
    if os.getppid() != int(runner):  # it died before the line above
        raise SystemExit(1)


def leftovers(var: Path) -> Iterator[psutil.Process]:
    """Living processes, other than this one, that a runner of ``var`` started."""
    mark = str(var.resolve())
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                yield process
        except psutil.Error:  # gone meanwhile, or another user's
            continue


def end_leftovers(var: Path) -> int:
    """Kill what an earlier runner of ``var`` left; only for the holder of the folder's lock.

    Returns how many there were.
    """
    found = list(leftovers(var))
    for process in found:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(found, timeout=5)
    return len(found)
