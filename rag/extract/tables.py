"""How a table is written as text: one line a row, cells divided by " | ", the header first."""

from collections.abc import Iterable, Sequence

from rag.extract.clean import one_line


def as_text(rows: Iterable[Sequence[str]]) -> str:
    """The table of ``rows``; rows that are empty and cells that are empty at a row's end are
    left out."""
    lines = (row_text(row) for row in rows)
    return "\n".join(line for line in lines if line)


def row_text(cells: Sequence[str]) -> str:
    """One row; a cell is one line."""
    texts = [one_line(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return " | ".join(texts)
