"""DOCX, by python-docx, walked as XML so that nothing visible is lost.

python-docx's own iterators pass over content controls, insertions under revision and text
boxes; hidden text (``w:vanish``) and deletions are left out here, as on the page.
"""

import io
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn

from rag.extract import tables
from rag.extract.source import Source
from rag.passage import Block, Extracted

P, TBL, TR, TC = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
T, TAB, BREAKS = qn("w:t"), qn("w:tab"), (qn("w:br"), qn("w:cr"))
HYPHEN, RUN, BOX = qn("w:noBreakHyphen"), qn("w:r"), qn("w:txbxContent")
VANISH, VALUE = qn("w:vanish"), qn("w:val")
# Word writes a text box twice: the second time for programs of before 2010. Deleted text, field
# codes, and properties hold no text of the page.
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
SKIPPED = frozenset({FALLBACK, qn("w:del"), qn("w:moveFrom"), qn("w:pPr"), qn("w:rPr"), BOX})
OFF = ("0", "false", "off")


def read(source: Source) -> Extracted:
    document = docx.Document(io.BytesIO(source.data))
    styles = {style.style_id: style for style in document.styles}
    blocks = tuple(_blocks(document.element.body, styles))
    return Extracted(document.core_properties.title or "", blocks)


def _blocks(parent: Any, styles: dict[str, Any]) -> Iterator[Block]:
    for child in parent.iterchildren():
        if child.tag == P:
            yield from _paragraph(child, styles)
        elif child.tag == TBL:
            yield from _table(child, styles)
        elif child.tag not in SKIPPED and isinstance(child.tag, str):
            yield from _blocks(child, styles)


def _paragraph(p: Any, styles: dict[str, Any]) -> Iterator[Block]:
    text = _text(p).strip()
    if text:
        level = _level(p, styles)
        if level:
            yield Block("heading", text, level=level)
        elif _is_item(p, styles):
            yield Block("list", f"- {text}")
        else:
            yield Block("text", text)
    for box in p.iter(BOX):
        if not any(parent.tag == FALLBACK for parent in box.iterancestors()):
            yield from _blocks(box, styles)


def _text(element: Any) -> str:
    return "".join(_pieces(element))


def _pieces(element: Any) -> Iterator[str]:
    for child in element.iterchildren():
        if child.tag == T:
            yield child.text or ""
        elif child.tag == TAB:
            yield "\t"
        elif child.tag in BREAKS:
            yield "\n"
        elif child.tag == HYPHEN:
            yield "-"
        elif child.tag == RUN and _is_hidden(child):
            continue
        elif child.tag not in SKIPPED:
            yield from _pieces(child)


def _is_hidden(run: Any) -> bool:
    properties = run.find(qn("w:rPr"))
    vanish = None if properties is None else properties.find(VANISH)
    return vanish is not None and vanish.get(VALUE) not in OFF


def _level(p: Any, styles: dict[str, Any]) -> int:
    """The paragraph's depth as a heading: its own outline level or its style's; 0 for none."""
    for properties in _properties(p, styles):
        outline = properties.find(qn("w:outlineLvl"))
        if outline is not None:
            depth = int(outline.get(VALUE, "9"))
            return depth + 1 if depth < 9 else 0
    style = _style(p, styles)
    return 1 if style is not None and style.name == "Title" else 0


def _is_item(p: Any, styles: dict[str, Any]) -> bool:
    for properties in _properties(p, styles):
        numbering = properties.find(qn("w:numPr"))
        if numbering is not None:
            number = numbering.find(qn("w:numId"))
            return number is not None and number.get(VALUE) != "0"
    return False


def _properties(p: Any, styles: dict[str, Any]) -> Iterator[Any]:
    """Paragraph properties, the nearest first: its own, its style's, that style's base."""
    if p.pPr is not None:
        yield p.pPr
    style, seen = _style(p, styles), set()
    while style is not None and style.style_id not in seen:
        seen.add(style.style_id)
        if style.element.pPr is not None:
            yield style.element.pPr
        style = getattr(style, "base_style", None)


def _style(p: Any, styles: dict[str, Any]) -> Any:
    return styles.get(p.style) if p.style else None


def _table(table: Any, styles: dict[str, Any]) -> Iterator[Block]:
    rows = [[_cell(cell) for cell in _own(row, TC)] for row in _own(table, TR)]
    if max(map(len, rows), default=0) > 1:
        yield Block("table", tables.as_text(rows))
    else:  # a frame round ordinary content
        for row in _own(table, TR):
            for cell in _own(row, TC):
                yield from _blocks(cell, styles)


def _own(parent: Any, tag: str) -> Iterator[Any]:
    """Descendants with ``tag`` that belong to ``parent`` itself, inside content controls too."""
    for child in parent.iterchildren():
        if child.tag == tag:
            yield child
        elif child.tag not in SKIPPED and child.tag not in (P, TBL, TC):
            yield from _own(child, tag)


def _cell(cell: Any) -> str:
    """All text of a cell, its nested tables included."""
    return " ".join(filter(None, (_text(p).strip() for p in cell.iter(P))))
