"""The values that ingestion and retrieval pass on."""

from dataclasses import dataclass


class RagError(Exception):
    """Base of this package's errors; ``str(error)`` is a sentence that a person may read."""


@dataclass(frozen=True, slots=True)
class Block:
    """A structural piece of a document as it was read: a paragraph, heading, table, or the like.

    ``kind`` is "heading", "text", "list", "table" or "code"; ``level`` is a heading's depth from
    1; ``page`` counts from 1 and is None where the format has none. A slide or a sheet is a page.
    """

    kind: str
    text: str
    page: int | None = None
    level: int = 0


@dataclass(frozen=True, slots=True)
class Extracted:
    """A document as it was read: its title, blocks in reading order, and number of pages;
    ``media_type`` is the one that its content was judged to have."""

    title: str
    blocks: tuple[Block, ...]
    pages: int | None = None
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk as it is cut: ``heading`` is its path ("Leave > Parental leave"); ``embedded`` is
    what the vector is made from: title, heading path and text."""

    ordinal: int
    text: str
    heading: str
    page: int | None
    embedded: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A vector that the store found: its id and its cosine similarity to the query (-1 to 1)."""

    vector_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk with its provenance, as retrieval gives it."""

    vector_id: str
    collection: str
    title: str
    heading: str
    page: int | None
    text: str
    score: float
