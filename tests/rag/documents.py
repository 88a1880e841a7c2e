"""Makes the documents that the tests read, in memory, by the libraries that write them."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import docx
import openpyxl
import pptx

LEFT, TOP, LINE = 72, 760, 1.2
CONTENT_TYPES = "[Content_Types].xml"

# One line of a PDF's page: its size in points and its text; a size of 0 is a blank line.
Line = tuple[int, str]


def pdf(*pages: Sequence[Line], title: str = "") -> bytes:
    """A PDF with a page for each list of lines."""
    streams = [_content(lines) for lines in pages]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for n, stream in enumerate(streams):
        resources = "/Resources << /Font << /F 3 0 R >> >> /MediaBox [0 0 595 842]"
        page = f"<< /Type /Page /Parent 2 0 R {resources} /Contents {5 + 2 * n} 0 R >>"
        objects.append(page.encode())
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    objects.append(f"<< /Title ({title}) >>".encode())
    return pdf_of(objects, f"/Info {len(objects)} 0 R" if title else "")


def pdf_of(objects: Sequence[bytes], trailer: str = "") -> bytes:
    """A PDF of numbered objects, the first of them the catalog."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    end = f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n"
    out.write(end.encode() + b"%%EOF\n")
    return out.getvalue()


def _content(lines: Sequence[Line]) -> bytes:
    parts, y = [], float(TOP)
    for size, text in lines:
        y -= (size or 12) * LINE
        if size:
            escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            parts.append(f"BT /F {size} Tf {LEFT} {y:.1f} Td ({escaped}) Tj ET")
    return "\n".join(parts).encode("cp1252")


def word(build: Callable[[Any], None]) -> bytes:
    """A DOCX that ``build`` fills."""
    document = docx.Document()
    build(document)
    return _saved(document)


def deck(build: Callable[[Any], None]) -> bytes:
    """A PPTX that ``build`` fills."""
    presentation = pptx.Presentation()
    build(presentation)
    return _saved(presentation)


def book(build: Callable[[Any], None]) -> bytes:
    """An XLSX that ``build`` fills; it starts with no sheet."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    build(workbook)
    return _saved(workbook)


def a_word() -> bytes:
    """A DOCX that says "Words"."""
    return word(lambda document: document.add_paragraph("Words"))


def a_book() -> bytes:
    """An XLSX that says "Words"."""
    return book(lambda workbook: workbook.create_sheet("S").append(["Words", "x"]))


def a_deck() -> bytes:
    """A PPTX that says "Words"."""

    def build(presentation: Any) -> None:
        presentation.slides.add_slide(presentation.slide_layouts[5]).shapes.title.text = "Words"

    return deck(build)


def _saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_member(data: bytes, name: str, content: bytes) -> bytes:
    """The archive ``data`` with the member ``name`` replaced, or put in."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.infolist():
            if member.filename != name:
                new.writestr(member, old.read(member), zipfile.ZIP_DEFLATED)
        new.writestr(name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def member(data: bytes, name: str) -> bytes:
    """The content of one member of an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)
