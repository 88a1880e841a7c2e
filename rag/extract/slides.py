"""PPTX, by python-pptx: a slide is a page; its title, texts, tables and notes, top to bottom."""

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pptx
from pptx.oxml.ns import qn
from pptx.shapes.group import GroupShape

from rag.extract import tables
from rag.extract.errors import ExtractError
from rag.extract.source import Source
from rag.passage import Block, Extracted


def read(source: Source) -> Extracted:
    deck = pptx.Presentation(io.BytesIO(source.data))
    pages = len(deck.slides)
    if pages > source.limits.pages:
        raise ExtractError(f"This presentation has {pages:,} slides: split it.")
    shown = [(n, s) for n, s in enumerate(deck.slides, 1) if s.element.get("show") != "0"]
    blocks = tuple(block for number, slide in shown for block in _slide(slide, number))
    return Extracted(_title(deck), blocks, pages)


def _title(deck: Any) -> str:
    title = deck.core_properties.title or ""
    return "" if title in ("PowerPoint Presentation", "PowerPoint-Präsentation") else title


def _slide(slide: Any, number: int) -> Iterator[Block]:
    title = slide.shapes.title
    if title is not None and title.text_frame.text.strip():
        yield Block("heading", " ".join(title.text_frame.text.split()), number, 1)
    for shape in _in_order(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            yield from _shape(shape, number)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text
        if notes.strip():
            yield Block("text", f"Notes: {notes}", number)


def _in_order(shapes: Iterable[Any]) -> list[Any]:
    return sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0))


def _shape(shape: Any, number: int) -> Iterator[Block]:
    if isinstance(shape, GroupShape):
        for inner in _in_order(shape.shapes):
            yield from _shape(inner, number)
    elif shape.has_text_frame and shape.text_frame.text.strip():
        yield _text(shape, number)
    elif getattr(shape, "has_table", False) and shape.has_table:
        rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
        yield Block("table", tables.as_text(rows), number)
    elif getattr(shape, "has_chart", False) and shape.has_chart:
        yield from _chart(shape.chart, number)


def _text(shape: Any, number: int) -> Block:
    paragraphs = [p for p in shape.text_frame.paragraphs if p.text.strip()]
    lines = [p.text.replace("\x0b", "\n") for p in paragraphs]
    if len(lines) == 1:
        return Block("text", lines[0], number)
    items = (f"{'  ' * p.level}- {line}" for p, line in zip(paragraphs, lines, strict=True))
    return Block("list", "\n".join(items), number)


def _chart(chart: Any, number: int) -> Iterator[Block]:
    """The numbers that a chart of any type shows, as a table of series by category."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield Block("text", chart.chart_title.text_frame.text, number)
    series = list(chart.element.iter(qn("c:ser")))
    names = [" ".join(_values(one, "c:tx").values()) for one in series]
    columns = [_values(one, "c:val") for one in series]
    categories = _values(series[0], "c:cat") if series else {}
    held = (categories, *columns)
    places = sorted({index for column in held for index in column})
    rows = [["", *names], *([column.get(index, "") for column in held] for index in places)]
    if columns:
        yield Block("table", tables.as_text(rows), number)


def _values(series: Any, part: str) -> dict[int, str]:
    """The values that a chart keeps in a part of a series, by their places."""
    points = (point for held in series.iterchildren(qn(part)) for point in held.iter(qn("c:pt")))
    return {int(point.get("idx", "0")): point.findtext(qn("c:v")) or "" for point in points}
