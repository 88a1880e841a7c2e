"""Runs the reader of a file in a child process and trusts nothing that comes back.

The child gets the file as its standard input and an empty environment: no name, no path, no
secret of ours. It limits itself (:mod:`rag.extract.child`), and this side has its own clock and
counts the bytes of the answer, so that a child under an attacker's control is bounded too.
"""

import json
import logging
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.extract.clean import clean, title_of
from rag.extract.errors import CRASHED, DAMAGED, NO_TEXT, TOO_LONG, TOO_SLOW, ExtractError
from rag.extract.limits import MIB, Limits
from rag.passage import Block, Extracted

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent.parent
# -I hides our modules from the child along with everything else that could be slipped in.
BOOT = (
    "import sys; from importlib import import_module; sys.path.append(sys.argv[1]);"
    " import_module('rag.extract.' + sys.argv.pop()).main()"
)
KINDS = frozenset({"heading", "text", "list", "table", "code"})
ENVIRONMENT = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
# What a kernel sends for time that is used up: SIGXCPU at the soft limit, SIGALRM by our timer.
OUT_OF_TIME = (-signal.SIGXCPU, -signal.SIGALRM)


def extract(path: Path, name: str, limits: Limits | None = None) -> Extracted:
    """Read the file at ``path``; ``name`` is what its owner calls it.

    The title is the document's own, or else made from ``name``. Raises ExtractError.
    """
    limits = limits or Limits()
    return _extracted(answer_of("child", path, _suffix(name), limits), name, limits)


def answer_of(child: str, path: Path, suffix: str, limits: Limits) -> dict[str, Any]:
    """What the module ``child`` of this package says of the file at ``path``, which is not to be
    trusted. Raises ExtractError."""
    answer = _run(child, path, suffix, limits)
    if "error" in answer:
        if "detail" in answer:
            # The words of a library about a hostile file: shortened, and never raw.
            logger.warning("a file could not be read: %.300r", answer["detail"])
        raise ExtractError(clean(str(answer["error"]))[:500])
    return answer


def _suffix(name: str) -> str:
    found = re.search(r"\.[A-Za-z0-9]{1,8}$", name.strip())
    return found[0].lower() if found else ""


def _run(child: str, path: Path, suffix: str, limits: Limits) -> dict[str, Any]:
    arguments = [str(ROOT), suffix, json.dumps(asdict(limits)), child]
    command = [sys.executable, "-I", "-B", "-W", "ignore", "-c", BOOT, *arguments]
    with (
        path.open("rb") as file,
        subprocess.Popen(
            command,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        ) as process,
    ):
        try:
            return _answer(process, limits)
        finally:
            process.kill()


def _answer(process: subprocess.Popen[bytes], limits: Limits) -> dict[str, Any]:
    deadline = time.monotonic() + limits.wall_seconds
    written = _read_all(process, deadline, 4 * limits.chars + 16 * MIB)
    try:
        code = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise ExtractError(TOO_SLOW) from error
    if code in OUT_OF_TIME:
        raise ExtractError(TOO_SLOW)
    try:
        answer = json.loads(written)
    except ValueError as error:
        logger.warning("the reader of a file ended with code %s and no answer", code)
        raise ExtractError(CRASHED) from error
    return answer if isinstance(answer, dict) else {"error": DAMAGED}


def _read_all(process: subprocess.Popen[bytes], deadline: float, most: int) -> bytes:
    assert process.stdout is not None  # noqa: S101  asked for with PIPE
    pipe = process.stdout.fileno()
    parts = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            part = os.read(pipe, MIB)
            if not part:
                return bytes(parts)
            parts += part
            if len(parts) > most:
                raise ExtractError(TOO_LONG)
    raise ExtractError(TOO_SLOW)


def _extracted(answer: dict[str, Any], name: str, limits: Limits) -> Extracted:
    try:
        blocks = tuple(_block(*fields) for fields in answer["blocks"])
        pages = None if answer["pages"] is None else int(answer["pages"])
        title, media_type = str(answer["title"]), str(answer["media_type"])
    except (KeyError, TypeError, ValueError) as error:
        raise ExtractError(DAMAGED) from error
    if sum(len(block.text) for block in blocks) > limits.chars:
        raise ExtractError(TOO_LONG)
    blocks = tuple(block for block in blocks if block.text)
    if not blocks:
        raise ExtractError(NO_TEXT)
    return Extracted(title_of(title) or title_of(name) or "Untitled", blocks, pages, media_type)


def _block(kind: str, text: str, page: int | None, level: int) -> Block:
    if kind not in KINDS:
        raise ValueError(kind)
    as_page = None if page is None else max(1, int(page))
    return Block(kind, clean(str(text), keep_spaces=kind == "code"), as_page, int(level))
