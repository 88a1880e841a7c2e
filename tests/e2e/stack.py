"""The whole product as a person starts it: the real runner, on a folder and port of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from chatapp.launch import lineage, ports

READY_SECONDS = 300
STOP_SECONDS = 30
# Settings that the test session has of its own; the runner must find its own.
NOT_INHERITED = [
    "VAR_DIR",
    "SECRET_KEY",
    "REDIS_URL",
    "CHROMA_URL",
    "INFERENCE_URL",
    "MODEL_URL",
    "PUBLIC_URL",
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_ALLOW_ASYNC_UNSAFE",
    "PYTEST_CURRENT_TEST",
]


@dataclass(frozen=True, slots=True)
class SignIn:
    name: str
    password: str


@dataclass(slots=True)
class Stack:
    """A running product. ``sign_ins`` maps a role ("Employee", "Admin", "Compliance") to its
    account."""

    url: str
    var: Path
    settings: Mapping[str, str]
    runner: "subprocess.Popen[bytes]"

    @property
    def sign_ins(self) -> dict[str, SignIn]:
        rows = json.loads((self.var / "sign-ins.json").read_text(encoding="utf-8"))
        return {row["role"]: SignIn(row["name"], row["password"]) for row in rows}

    @property
    def said(self) -> str:
        """What the runner has printed so far."""
        return (self.var / "console.txt").read_text(encoding="utf-8", errors="replace")

    def process(self, name: str) -> psutil.Process:
        """The living process ``name`` of the Procfile. Raises LookupError where there is none,
        as in the moment between its death and its restart."""
        for child in psutil.Process(self.runner.pid).children():
            try:
                if child.environ().get(lineage.NAME) == name:
                    return child
            except psutil.Error:
                continue
        raise LookupError(name)

    def pid(self, name: str) -> int:
        return int(self.process(name).pid)

    def log(self, name: str) -> str:
        path = self.var / "log" / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace")

    def wait_ready(self) -> None:
        """Wait for the runner's word; fails the test with all that it said otherwise."""
        deadline = time.monotonic() + READY_SECONDS
        while "Parapet is ready" not in self.said:
            if self.runner.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The product did not start ({self.runner.poll()}):\n{self.said}")
            time.sleep(0.1)

    def stop(self) -> int:
        """End it as Ctrl-C does; the runner's exit code."""
        self.runner.send_signal(signal.SIGINT)
        return self.runner.wait(STOP_SECONDS)


def launch(var: Path, **settings: str) -> Stack:
    """Start the product on ``var`` without waiting for it; ``settings`` are its environment."""
    port = settings.setdefault("PORT", str(ports.free_port()))
    inherited = {name: os.environ[name] for name in os.environ if name not in NOT_INHERITED}
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (var / "console.txt").open("wb") as out:
        runner = subprocess.Popen(
            [sys.executable, "-m", "chatapp.launch", "run"],
            env={**inherited, "VAR_DIR": str(var), **settings, lineage.RUNNER: str(os.getpid())},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return Stack(f"http://127.0.0.1:{port}", var, settings, runner)


@contextmanager
def running(var: Path, **settings: str) -> Iterator[Stack]:
    """The product, ready, until the block ends."""
    stack = launch(var, **settings)
    try:
        stack.wait_ready()
        yield stack
    finally:
        if stack.runner.poll() is None:
            stack.stop()
