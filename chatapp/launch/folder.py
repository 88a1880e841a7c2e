"""The folder that holds all state of an installation, ``var/``: made, kept private, locked."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chatapp.launch.errors import LaunchError

LEAST_FREE_MB = 500
SUBFOLDERS = ("run", "log", "models", "documents", "redis", "chroma")
KEPT_LOGS = 3


def prepare(var: Path) -> None:
    """Make ``var`` and its subfolders, readable by their owner alone.

    Raises LaunchError where they cannot be written or the disk is nearly full.
    """
    try:
        for folder in (var, *(var / name for name in SUBFOLDERS)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        var.chmod(0o700)
        (var / "run" / "writable").write_bytes(b"")
    except OSError as error:
        raise LaunchError(
            f"Cannot write to {error.filename or var} ({error.strerror}): make it writable for "
            "this user, or set VAR_DIR to a folder that is."
        ) from error
    free = shutil.disk_usage(var).free // 2**20
    if free < LEAST_FREE_MB:
        raise LaunchError(
            f"The disk of {var} has {free} MB left and {LEAST_FREE_MB} MB are needed: free some "
            "space, or set VAR_DIR to a folder on another disk."
        )


def kept_secret(path: Path) -> str:
    """The secret in ``path``, made at the first call, for its owner's eyes only."""
    if not path.exists():
        write_private(path, secrets.token_hex(32))
    return path.read_text(encoding="utf-8").strip()


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` with ``text`` as a whole, with mode 0600 from its first moment."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


@contextmanager
def only_runner(var: Path) -> Iterator[Callable[[str], None]]:
    """Hold the folder for this process; LaunchError naming the runner that holds it already.

    Yields a function that records where this one will answer. The kernel lets go of the lock
    when its holder ends, however it ends.
    """
    path = var / "run" / "runner.json"
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LaunchError(already_running(file.read())) from None
        file.truncate(0)

        def announce(url: str) -> None:
            file.write(json.dumps({"pid": os.getpid(), "url": url}))
            file.flush()

        yield announce


def already_running(record: str) -> str:
    try:
        runner = json.loads(record)
    except ValueError:  # it took the lock a moment ago and has not written yet
        return "Parapet is starting in another terminal already: use that one."
    return (
        f"Parapet is running already at {runner['url']} (process {runner['pid']}): use that one, "
        "or stop it with Ctrl-C where it runs."
    )


def fresh_log(var: Path, name: str) -> Path:
    """An empty log for the process ``name``; the logs of its last few starts stay beside it."""
    path = var / "log" / f"{name}.log"
    for age in range(KEPT_LOGS, 0, -1):
        older = path.with_name(f"{name}.log.{age}")
        newer = path if age == 1 else path.with_name(f"{name}.log.{age - 1}")
        if newer.exists():
            newer.replace(older)
    path.touch(mode=0o600)
    return path
