"""PDF, by PDFium: text a page, in the order in which PDFium gives it.

A PDF knows characters and places only. Lines of one size that stand close are a paragraph; a
line that reaches the right edge runs on; a short line that is larger than the body is a heading.
"""

import ctypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

import pypdfium2
import pypdfium2.raw as pdfium

from rag.extract.errors import ExtractError
from rag.extract.source import Source
from rag.passage import Block, Extracted

HEADING_TIMES = 1.15
HEADING_CHARS = 150
HEADING_LINES = 3
HEADING_LEVELS = 3
# A gap between two lines, in heights of a line, that divides paragraphs.
PARAGRAPH_GAP = 0.5
# A line that reaches this share of the page's text width goes on in the next one.
RUNS_ON = 0.75
# What PDFium writes for a hyphen at the end of a line.
HYPHENS = ("\x02", "\ufffe")


@dataclass(frozen=True, slots=True)
class Line:
    """A line on a page; places and sizes are in points, ``bottom`` and ``top`` from below."""

    text: str
    page: int
    size: float
    right: float
    bottom: float
    top: float


def read(source: Source) -> Extracted:
    document = _open(source.data)
    pages = len(document)
    if pages > source.limits.pages:
        raise ExtractError(
            f"This PDF has {pages:,} pages and the limit is {source.limits.pages:,}: split it."
        )
    if document.get_formtype() != pdfium.FORMTYPE_NONE:
        document.init_forms()
    lines = [line for number in range(pages) for line in _lines(document, number)]
    if not lines:
        raise ExtractError(
            "This PDF has no text layer: it is a scan or a picture. "
            "Run text recognition (OCR) on it and upload the result."
        )
    title = document.get_metadata_value("Title")
    return Extracted("" if _is_junk(title) else title, tuple(_blocks(lines)), pages)


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise ExtractError(
                "This PDF is protected by a password: remove the password and upload it again."
            ) from error
        raise ExtractError("This PDF cannot be read: it seems to be damaged.") from error


def _is_junk(title: str) -> bool:
    """Titles that a program made up."""
    return title.lower().startswith(("microsoft ", "untitled", "slide 1", "(anonymous"))


def _lines(document: pypdfium2.PdfDocument, number: int) -> Iterator[Line]:
    try:
        page = document[number]
        if document.formenv:
            # Puts what people typed into a form where text is, from the next loading on.
            page.flatten()
            page.close()
            page = document[number]
        textpage = page.get_textpage()
        text = textpage.get_text_range() if textpage.count_chars() > 0 else ""
    except pypdfium2.PdfiumError:
        return  # one page that is damaged does not take the others with it
    start = 0
    for raw in text.split("\r\n"):
        line = _line(textpage, raw, start, number + 1)
        if line:
            yield line
        start += _units(raw) + 2
    textpage.close()
    page.close()


def _units(text: str) -> int:
    """The length of ``text`` as PDFium counts it, in units of UTF-16."""
    return len(text) + sum(char > "\uffff" for char in text)


def _line(textpage: pypdfium2.PdfTextPage, raw: str, start: int, page: int) -> Line | None:
    text = raw.strip()
    if not text:
        return None
    before = _units(raw[: len(raw) - len(raw.lstrip())])
    first = _box(textpage, start + before)
    last = _box(textpage, start + _units(raw.rstrip()) - 1)
    size = round(first[3] - first[1], 1)
    return Line(text, page, size, last[2], first[1], first[3])


def _box(textpage: pypdfium2.PdfTextPage, index: int) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of the character at ``index`` of the page's text; its height
    is the font's, whatever the character. All 0 where PDFium has none."""
    char = pdfium.FPDFText_GetCharIndexFromTextIndex(textpage, index)
    box = pdfium.FS_RECTF()
    if char < 0 or not pdfium.FPDFText_GetLooseCharBox(textpage, char, ctypes.byref(box)):
        return 0.0, 0.0, 0.0, 0.0
    return box.left, box.bottom, box.right, box.top


def _blocks(lines: list[Line]) -> Iterator[Block]:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    body = sizes.most_common(1)[0][0]
    levels = _levels(lines, body)
    for page, on_page in groupby(lines, key=lambda line: line.page):
        texts = list(on_page)
        edge = max(line.right for line in texts)
        for group in _paragraphs(texts):
            level = levels.get(group[0].size, 0) if _is_heading(group, body) else 0
            kind = "heading" if level else "text"
            yield Block(kind, _joined(group, 0.0 if level else RUNS_ON * edge), page, level)


def _levels(lines: list[Line], body: float) -> dict[float, int]:
    """The level of each size in which a heading is set: the larger, the higher."""
    sizes = sorted({line.size for line in lines if line.size >= HEADING_TIMES * body}, reverse=True)
    return {size: min(rank, HEADING_LEVELS) for rank, size in enumerate(sizes, 1)}


def _is_heading(group: list[Line], body: float) -> bool:
    text = " ".join(line.text for line in group)
    return (
        body > 0
        and group[0].size >= HEADING_TIMES * body
        and len(group) <= HEADING_LINES
        and len(text) <= HEADING_CHARS
        and any(char.isalpha() for char in text)
        and not text.endswith((".", ",", ";"))
    )


def _paragraphs(lines: list[Line]) -> Iterator[list[Line]]:
    group = [lines[0]]
    for before, line in pairwise(lines):
        if _belongs(before, line):
            group.append(line)
        else:
            yield group
            group = [line]
    yield group


def _belongs(before: Line, line: Line) -> bool:
    height = max(line.size, 1.0)
    gap = before.bottom - line.top
    same_size = abs(before.size - line.size) <= 0.1 * height
    return same_size and -2 * height < gap < PARAGRAPH_GAP * height


def _joined(group: list[Line], runs_on_from: float) -> str:
    text = group[0].text
    for before, line in pairwise(group):
        if text.endswith(HYPHENS):
            text = text[:-1] + line.text
        else:
            text += (" " if before.right >= runs_on_from else "\n") + line.text
    return text
