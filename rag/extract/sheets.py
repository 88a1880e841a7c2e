"""XLSX, by openpyxl: a sheet is a page, its tables start with their header row.

Values are read as the sheet shows them (percent, dates), formulas as their last result. Hidden
sheets are left out.
"""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl

from rag.extract import tables
from rag.extract.source import Source
from rag.passage import Block, Extracted

Row = dict[int, str]  # the cells that hold something, by column


def read(source: Source) -> Extracted:
    book = openpyxl.load_workbook(
        io.BytesIO(source.data), read_only=True, data_only=True, keep_links=False
    )
    blocks = tuple(
        block
        for number, sheet in enumerate(book.worksheets, 1)
        if sheet.sheet_state == "visible"
        for block in _sheet(sheet, number)
    )
    return Extracted(book.properties.title or "", blocks, len(book.worksheets))


def _sheet(sheet: Any, number: int) -> Iterator[Block]:
    # What a file says about its own size may be "XFD1048576", or wrong.
    sheet.reset_dimensions()
    parts = [block for group in _groups(sheet) for block in _tables(group, number)]
    if parts:
        yield Block("heading", sheet.title, number, 1)
        yield from _with_headers(parts)


def _groups(sheet: Any) -> Iterator[list[Row]]:
    """Rows that stand together, without an empty row between them."""
    group: list[Row] = []
    for cells in sheet.iter_rows():
        row = {i: text for i, cell in enumerate(cells) if (text := _shown(cell))}
        if row:
            group.append(row)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _tables(group: list[Row], number: int) -> Iterator[Block]:
    """Leading rows with one cell are captions; the rest is a table."""
    while group and len(group[0]) == 1:
        caption, *group = group
        yield Block("text", next(iter(caption.values())), number)
    if group:
        columns = sorted({column for row in group for column in row})
        rows = ([row.get(column, "") for column in columns] for row in group)
        yield Block("table", tables.as_text(rows), number)


def _with_headers(parts: list[Block]) -> Iterator[Block]:
    """A table that starts with a number goes on with the header of the one before it."""
    header = ""
    for block in parts:
        first = block.text.split("\n", 1)[0]
        if block.kind != "table":
            header = ""
            yield block
        elif header and first.count(" | ") == header.count(" | ") and _has_number(first):
            yield Block("table", f"{header}\n{block.text}", block.page)
        else:
            header = first
            yield block


def _has_number(line: str) -> bool:
    return any(cell.strip()[:1].isdigit() for cell in line.split(" | "))


def _shown(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "")
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value).strip()


def _number(value: float, number_format: str) -> str:
    if "%" in number_format:
        return f"{value * 100:.10g}%"
    return f"{value:.15g}"
