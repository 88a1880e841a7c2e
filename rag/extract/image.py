"""Images as models may be shown them: drawn anew in a child process under limits."""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

from rag.extract.errors import DAMAGED, ExtractError
from rag.extract.limits import MIB, Limits
from rag.extract.sandbox import answer_of

LIMITS = Limits(memory_bytes=1024 * MIB, cpu_seconds=15, wall_seconds=20.0)
AT_ONCE = 2
"""Children of one process: each may take as much memory as LIMITS allow."""
PLACES = BoundedSemaphore(AT_ONCE)
WAIT_SECONDS = 30.0
BUSY = "Too many images are being looked at just now. Try again in a moment."
MEDIA_TYPES = frozenset({"image/png", "image/jpeg"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """An image file of our own making."""

    data: bytes
    media_type: str
    width: int
    height: int


def draw_anew(path: Path) -> Drawn:
    """The image in the file at ``path``: its pixels, and nothing else that was in it. Waits where
    others are being drawn. Raises ExtractError."""
    if not PLACES.acquire(timeout=WAIT_SECONDS):
        raise ExtractError(BUSY)
    try:
        answer = answer_of("drawing", path, "", LIMITS)
    finally:
        PLACES.release()
    try:
        data = b64decode(answer["data"], validate=True)
        drawn = Drawn(data, answer["media_type"], int(answer["width"]), int(answer["height"]))
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ExtractError(DAMAGED) from error
    if drawn.media_type not in MEDIA_TYPES:
        raise ExtractError(DAMAGED)
    return drawn
