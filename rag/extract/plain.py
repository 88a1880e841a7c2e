"""Plain text: paragraphs are what blank lines divide."""

import re

from rag.extract.encodings import decode
from rag.extract.source import Source
from rag.passage import Block, Extracted

BLANK = re.compile(r"\n[^\S\n]*\n\s*")


def read(source: Source) -> Extracted:
    text = (decode(source.data) or "").replace("\r\n", "\n").replace("\r", "\n")
    return Extracted("", tuple(paragraphs(text)))


def paragraphs(text: str) -> list[Block]:
    """Blocks of text that has no structure but blank lines."""
    return [Block("text", part) for part in BLANK.split(text) if part.strip()]
