"""Processes that a test starts and kills itself."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Started:
    """A process with children of its own: it leads a group, so that all can be killed at once."""

    def __init__(self, command: list[str], log: Path, **environment: str) -> None:
        self.log = log
        self.environment = {**os.environ, **environment}
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )

    def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for ``condition``; fails with the process's log."""
        deadline = time.monotonic() + seconds
        while not condition():
            alive = self.process.poll() is None
            assert alive and time.monotonic() < deadline, self.log.read_text(errors="replace")  # noqa: PT018  either way the log says why
            time.sleep(0.02)

    def kill(self) -> None:
        """As a crash of the machine would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


@contextmanager
def started(command: list[str], log: Path, **environment: str) -> Iterator[Started]:
    running = Started(command, log, **environment)
    try:
        yield running
    finally:
        running.stop()
