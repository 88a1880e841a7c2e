"""Reads bytes as an upload would be read: through the parser's child process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.extract import ExtractError, Limits, extract
from rag.passage import Block, Extracted

Read = Callable[..., Extracted]
Refusal = Callable[..., str]
Outcome = Callable[..., str]
MIB = 1024 * 1024
# Enough for any small file, and little for one that was made to take much.
LIMITS = Limits(cpu_seconds=20, wall_seconds=40.0, memory_bytes=512 * MIB)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """``read(data, name)`` is the document."""

    def reader(data: bytes, name: str = "file", limits: Limits | None = None) -> Extracted:
        path = tmp_path / "stored"
        path.write_bytes(data)
        return extract(path, name, limits)

    return reader


@pytest.fixture
def refusal(read: Read) -> Refusal:
    """``refusal(data, name)`` is the sentence with which the file is refused."""

    def reader(data: bytes, name: str = "file", limits: Limits | None = None) -> str:
        with pytest.raises(ExtractError) as caught:
            read(data, name, limits)
        return str(caught.value)

    return reader


@pytest.fixture
def outcome(tmp_path: Path) -> Outcome:
    """``outcome(data, name)`` is the file's text, or the sentence with which it is refused."""

    def reader(data: bytes, name: str, limits: Limits = LIMITS) -> str:
        path = tmp_path / "stored"
        path.write_bytes(data)
        try:
            return " ".join(texts(extract(path, name, limits)))
        except ExtractError as error:
            return str(error)

    return reader


def texts(extracted: Extracted, kind: str = "") -> list[str]:
    """The texts of the blocks, or of those of one kind."""
    return [block.text for block in extracted.blocks if kind in ("", block.kind)]


def block_with(extracted: Extracted, words: str) -> Block:
    """The one block that holds ``words``."""
    found = [block for block in extracted.blocks if words in block.text]
    assert len(found) == 1, f"{words!r} is in {len(found)} blocks"
    return found[0]


def heading_over(extracted: Extracted, words: str) -> str:
    """The last heading before the block that holds ``words``."""
    heading = ""
    for block in extracted.blocks:
        if block.kind == "heading":
            heading = block.text
        elif words in block.text:
            return heading
    raise AssertionError(f"{words!r} is in no block")
