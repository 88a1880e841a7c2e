"""Files that are damaged, disguised, named to harm, or slow for a careless parser."""

import io
import zipfile
from typing import Any

import pytest

from tests.rag.conftest import LIMITS, Outcome, Read, Refusal, texts
from tests.rag.documents import a_book, a_deck, a_word, pdf, word

WHOLE = {
    "pdf": lambda: pdf([(12, "Words " * 20)]),
    "docx": a_word,
    "xlsx": a_book,
    "pptx": a_deck,
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_file_is_refused_or_read_in_part(
    outcome: Outcome, kind: str, share: float
) -> None:
    data = WHOLE[kind]()
    result = outcome(data[: int(len(data) * share)], f"x.{kind}")

    assert "Words" in result or result.endswith(".")


@pytest.mark.parametrize("kind", WHOLE)
def test_flipped_bytes_do_no_harm(outcome: Outcome, kind: str) -> None:
    data = bytearray(WHOLE[kind]())
    for place in range(len(data) // 3, len(data), 97):
        data[place] ^= 0xFF

    assert outcome(bytes(data), f"x.{kind}")


def test_a_page_behind_an_archive_is_an_archive(refusal: Refusal) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.html", b"<html><script>alert(1)</script></html>")

    assert "an archive" in refusal(out.getvalue() + b"<html><p>Words</p></html>", "x.html")


def test_a_pdf_with_a_page_in_front_is_read_as_a_pdf_and_as_nothing_else(read: Read) -> None:
    data = b"<html><script>alert(1)</script></html>\n" + pdf([(12, "Words")])

    document = read(data, "x.html", LIMITS)

    assert document.media_type == "application/pdf"
    assert texts(document) == ["Words"]


def test_a_sound_that_is_a_page_too_is_refused(refusal: Refusal) -> None:
    wav = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0" + b"\0" * 20
    wav += b"<html><script>alert(1)</script></html>"

    assert "not a format" in refusal(wav, "x.html")


@pytest.mark.parametrize(
    "name",
    [
        "a\nb.docx",
        "a\0b.docx",
        "\u202excod.exe",
        "x" * 300 + ".docx",
        "../../etc/passwd",
        "-I.docx",
        "$(touch x).docx",
        "",
        "\ud800.docx",
        "{{ 7*7 }}.docx",
    ],
)
def test_no_name_does_harm(read: Read, name: str) -> None:
    document = read(a_word(), name, LIMITS)

    assert texts(document) == ["Words"]
    assert len(document.title) <= 200
    assert document.title.isprintable()
    assert "/" not in document.title


def test_a_title_in_the_file_is_cleaned_like_a_name(read: Read) -> None:
    def build(document: Any) -> None:
        document.core_properties.title = "../a\u202eb\n" + "x" * 240
        document.add_paragraph("Words")

    title = read(word(build)).title

    assert title.startswith("ab x")
    assert len(title) == 200


@pytest.mark.parametrize("suffix", [".csv", ".md", ".html"])
@pytest.mark.parametrize(
    "unit",
    [b"<!-- -->", b"[", b"<a ", b"*a **b ", b"`", b"|", b'"', b"a,b\n", b"> ", b"![](", b"&amp"],
)
def test_text_that_is_slow_for_a_careless_parser_is_fast(
    outcome: Outcome, unit: bytes, suffix: str
) -> None:
    data = unit * (20_000 // len(unit))

    assert "too long to read" not in outcome(data, f"x{suffix}")
