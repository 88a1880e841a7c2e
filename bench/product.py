"""The product's real processes in a folder of their own, the model server, and a meter."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from chatapp.launch import folder, lineage, ports

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "var" / "models"
SERVERS = ("model", "redis", "inference")
COMMANDS = {"model": ("bench.model_server",)}
START_SECONDS = 180.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.02
MEBIBYTE = 2**20


class NotStarted(Exception):
    """A process did not get well; ``str(error)`` has the end of its log."""


@dataclass(frozen=True, slots=True)
class Product:
    """Where it answers, and how long the web process took to its first page."""

    url: str
    model_url: str
    first_page_seconds: float
    web: psutil.Process
    model: psutil.Process


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU seconds so far, and resident MiB, of a process with its children."""

    cpu: float
    memory: float


def meter(process: psutil.Process) -> Reading:
    tree = [process, *process.children(recursive=True)]
    times = [each.cpu_times() for each in tree]
    memory = sum(each.memory_info().rss for each in tree) / MEBIBYTE
    return Reading(sum(each.user + each.system for each in times), memory)


def settings(var: Path, kind: str) -> dict[str, str]:
    """The environment of every process: state in ``var``, private ports, rows in SQLite unless
    DATABASE_URL names a database."""
    port = ports.free_port()
    secret = folder.kept_secret(var / "redis_password")
    return {
        "DJANGO_SETTINGS_MODULE": "chatapp.settings",
        "VAR_DIR": str(var),
        "SECRET_KEY": folder.kept_secret(var / "secret_key"),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "REDIS_URL": f"redis://:{secret}@127.0.0.1:{ports.free_port()}/0",
        "CHROMA_URL": f"http://127.0.0.1:{ports.free_port()}",
        "INFERENCE_URL": f"http://127.0.0.1:{ports.free_port()}",
        "MODEL_URL": f"http://127.0.0.1:{ports.free_port()}",
        "MODEL_KIND": kind,
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }


@contextmanager
def running(var: Path, kind: str, models: Path = MODELS) -> Iterator[Product]:
    """The product in ``var``, with what it needs to chat, until the block ends. The settings go
    into this process's environment too. ``models`` keeps exported models from run to run.

    Raises NotStarted.
    """
    models.mkdir(parents=True, exist_ok=True)
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    (var / "models").symlink_to(models.resolve())
    folder.prepare(var)
    os.environ.update(settings(var, kind))
    with ExitStack() as stack:
        started = {name: stack.enter_context(process(var, name)) for name in SERVERS}
        migrate()
        for name, server in started.items():
            wait_until_well(name, server, var)
        began = time.monotonic()
        web = stack.enter_context(process(var, "web"))
        wait_until_well("web", web, var)
        seconds = time.monotonic() - began
        addresses = os.environ["PUBLIC_URL"], os.environ["MODEL_URL"]
        yield Product(*addresses, seconds, web, started["model"])


@contextmanager
def process(var: Path, name: str) -> Iterator[psutil.Process]:
    """The process ``name``, which ends with the block, and with this process in any case."""
    command = [sys.executable, "-m", *COMMANDS.get(name, ("chatapp.launch", "exec", name))]
    with (var / "log" / f"{name}.log").open("wb") as log:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **lineage.marks(var, name)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield psutil.Process(child.pid)
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def migrate() -> None:
    command = [sys.executable, "-m", "chatapp.launch", "exec", "migrate"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def wait_until_well(name: str, server: psutil.Process, var: Path) -> None:
    from chatapp.launch import health  # only now: it reads the settings

    deadline = time.monotonic() + START_SECONDS
    while not health.is_well(name):
        if server.status() == psutil.STATUS_ZOMBIE or time.monotonic() > deadline:
            log = (var / "log" / f"{name}.log").read_text(encoding="utf-8", errors="replace")
            raise NotStarted(f"{name} did not start:\n{log[-2000:]}")
        time.sleep(POLL_SECONDS)
