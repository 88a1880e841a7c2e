"""The content says what a file is; its name does not."""

import io
import zipfile
from typing import Any

import pytest

from tests.rag.conftest import Read, Refusal, texts
from tests.rag.documents import book, deck, member, pdf, with_member, word

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(200))


def one_slide(presentation: Any) -> None:
    presentation.slides.add_slide(presentation.slide_layouts[5]).shapes.title.text = "Words"


CONTENTS = {
    "application/pdf": pdf([(12, "Words")]),
    "wordprocessingml": word(lambda document: document.add_paragraph("Words")),
    "spreadsheetml": book(lambda workbook: workbook.create_sheet("S").append(["Words", "x"])),
    "presentationml": deck(one_slide),
    "text/html": b"<!DOCTYPE html><html><p>Words</p></html>",
    "message/rfc822": b"From: a@b.example\nTo: c@d.example\nSubject: Words\n\nWords\n",
}


@pytest.mark.parametrize("name", ["x.pdf", "x.txt", "x.docx", "x", "x.exe"])
@pytest.mark.parametrize("kind", CONTENTS)
def test_content_wins_over_the_name(read: Read, kind: str, name: str) -> None:
    document = read(CONTENTS[kind], name)

    assert kind in document.media_type
    assert any("Words" in text for text in texts(document))


def test_a_table_under_a_wrong_name_is_a_table(read: Read) -> None:
    assert read(b"a;b\n1;2\n3;4\n", "report.pdf").media_type == "text/csv"


def test_markdown_under_a_wrong_name_is_markdown(read: Read) -> None:
    assert read(b"# One\n\ntext\n\n## Two\n\ntext\n", "x.docx").media_type == "text/markdown"


def test_prose_under_a_wrong_name_is_text(read: Read) -> None:
    assert read(b"Just words, and more.\nAnd so on.\n", "x.pdf").media_type == "text/plain"


def test_json_is_text_and_no_table(read: Read) -> None:
    assert read(b'{\n"a": 1,\n"b": 2,\n"c": 3,\n}', "x.json").media_type == "text/plain"


def test_a_memo_in_a_text_file_is_no_mail(read: Read) -> None:
    assert read(b"Dear all,\nfrom: now on\n", "x.txt").media_type == "text/plain"


def archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (PNG, "Portable Network Graphics"),
        (bytes(range(256)) * 4, "of no known type"),
        (b"{\\rtf1 words}", "RTF"),
        (b"<?xml version='1.0'?><a>words</a>", "XML"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><text>words</text></svg>", "XML"),
        (OLE, "an old Office file"),
        (archive(a=b"words"), "an archive"),
        (archive(mimetype=b"application/vnd.oasis.opendocument.text"), "an OpenDocument file"),
        (archive(mimetype=b"application/epub+zip"), "an EPUB book"),
        (b"From a@b.example Mon Sep  1 09:00:00 2025\nSubject: x\n\nwords", "a mailbox"),
    ],
)
def test_what_cannot_be_read_is_named(refusal: Refusal, data: bytes, what: str) -> None:
    sentence = refusal(data, "report.pdf")

    assert sentence.startswith("This file is not a format that can be read: it is ")
    assert what in sentence


def test_a_document_with_macros_is_refused_by_what_it_is(refusal: Refusal) -> None:
    plain = word(lambda document: document.add_paragraph("Words"))
    types = member(plain, "[Content_Types].xml")
    macros = types.replace(
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        b"application/vnd.ms-word.document.macroEnabled.main+xml",
    )

    assert "macros" in refusal(with_member(plain, "[Content_Types].xml", macros), "x.docx")


@pytest.mark.parametrize("data", [b"", b" \n\t ", b"\xef\xbb\xbf", b"\xff\xfe\n\0"])
@pytest.mark.parametrize("name", ["x.txt", "x.pdf", "x.docx", "x.csv", "x.md", "x.html"])
def test_a_file_without_text_says_so(refusal: Refusal, data: bytes, name: str) -> None:
    assert refusal(data, name) in ("This file is empty.", "This file holds no text.")


def test_an_encrypted_office_file_asks_for_the_password_to_be_removed(refusal: Refusal) -> None:
    assert "password" in refusal(OLE + "EncryptedPackage".encode("utf-16-le"), "x.xlsx")


def test_an_encrypted_pdf_asks_for_the_password_to_be_removed(refusal: Refusal) -> None:
    # The standard security handler with a user password that nobody knows (40-bit RC4).
    encryption = (
        "/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <"
        + "11" * 32
        + "> /U <"
        + "22" * 32
        + "> >>"
        " /ID [<00> <00>]"
    )
    from tests.rag.documents import pdf_of

    data = pdf_of(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"], encryption
    )

    assert "password" in refusal(data, "x.pdf")
