"""CSV and its kin: any common delimiter, any encoding; one table, its first row the header."""

import csv

from rag.extract import tables
from rag.extract.encodings import decode
from rag.extract.kinds import HEAD_CHARS, columns
from rag.extract.source import Source
from rag.passage import Block, Extracted


def read(source: Source) -> Extracted:
    text = decode(source.data) or ""
    csv.field_size_limit(source.limits.chars)
    delimiter, _ = columns(text[:HEAD_CHARS].replace("\r\n", "\n"))
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    table = tables.as_text(rows)
    return Extracted("", (Block("table", table),) if table else ())
