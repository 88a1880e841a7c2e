"""The parser process: limits itself, judges the format, reads, answers in JSON.

Standard input is the file. The answer goes to what was standard output at the start; after
that, whatever a library prints goes nowhere. Only the module of the file's format is imported.
"""

import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from rag.extract.errors import DAMAGED, TOO_BIG, TOO_LONG, ExtractError
from rag.extract.kinds import Kind, judge
from rag.extract.limits import Limits
from rag.extract.source import Source
from rag.passage import Extracted

READERS = {
    Kind.PDF: "pdf",
    Kind.DOCX: "word",
    Kind.PPTX: "slides",
    Kind.XLSX: "sheets",
    Kind.CSV: "rows",
    Kind.HTML: "web",
    Kind.MARKDOWN: "markdown",
    Kind.TEXT: "plain",
    Kind.EML: "mail",
}


def main() -> None:
    answer_with(document)


def answer_with(read: Callable[[Source], dict[str, Any]]) -> None:
    """Entry point; arguments: our root, the name's suffix, the limits as JSON."""
    _, _, suffix, limits_json = sys.argv
    limits = Limits(**json.loads(limits_json))
    confine(limits)
    with silenced() as out:
        answer = respond(read, suffix, limits)
        out.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    # Tearing down a parser over a hostile tree may crash or take long; the answer is out.
    os._exit(0)


def confine(limits: Limits) -> None:
    """Bound what this process may use, and leave it nothing to write or to start."""
    cpu = limits.cpu_seconds
    for kind, soft, hard in (
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_CPU, cpu, cpu + 1),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_NOFILE, 64, 64),
    ):
        resource.setrlimit(kind, (soft, hard))
    # The parent has a clock of its own; this one works where the parent was killed.
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds + 1)
    # openpyxl and python-pptx use these where they can: a second of start-up for nothing.
    sys.modules["numpy"] = None  # type: ignore[assignment]  # None makes an import fail


@contextlib.contextmanager
def silenced() -> Iterator[Any]:
    """The real standard output, while file descriptor 1 leads nowhere."""
    with os.fdopen(os.dup(1), "wb") as out:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  a device, not a path of ours
            os.dup2(nowhere.fileno(), 1)
        yield out


def respond(
    read: Callable[[Source], dict[str, Any]], suffix: str, limits: Limits
) -> dict[str, Any]:
    """The answer: what ``read`` gives, or a sentence under "error"."""
    try:
        with os.fdopen(0, "rb") as file:
            source = Source(file.read(), suffix, limits)
        return read(source)
    except ExtractError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": TOO_BIG}
    except Exception as error:  # noqa: BLE001  parsers raise anything at all on a hostile file
        return {"error": DAMAGED, "detail": f"{type(error).__name__}: {error}"}


def document(source: Source) -> dict[str, Any]:
    """The document that the file is. Raises ExtractError, and whatever parsers raise."""
    kind = judge(source)
    found = import_module(f"rag.extract.{READERS[kind]}").read(source)
    return as_json(found, kind, source.limits)


def as_json(extracted: Extracted, kind: Kind, limits: Limits) -> dict[str, Any]:
    """The document as the parent reads it. Raises ExtractError where it is too long."""
    if sum(len(block.text) for block in extracted.blocks) > limits.chars:
        raise ExtractError(TOO_LONG)
    return {
        "title": extracted.title,
        "media_type": kind.media_type,
        "pages": extracted.pages,
        "blocks": [(b.kind, b.text, b.page, b.level) for b in extracted.blocks],
    }
