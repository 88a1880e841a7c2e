"""PDFs made to harm: loops, counts that lie, streams without end."""

import zlib

from rag.extract import Limits
from tests.rag.conftest import LIMITS, MIB, Outcome, Read, Refusal, texts
from tests.rag.documents import pdf, pdf_of


def test_a_page_tree_that_loops_ends(refusal: Refusal) -> None:
    loop = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000 /Parent 2 0 R >>",
    ]

    assert refusal(pdf_of(loop), "x.pdf", LIMITS)


def test_a_page_count_that_lies_is_not_believed(read: Read) -> None:
    whole = pdf([(12, "Words")]).replace(b"/Count 1 ", b"/Count 900000000 ")

    assert texts(read(whole, "x.pdf", LIMITS)) == ["Words"]


def test_a_hundred_thousand_pages_are_refused(refusal: Refusal) -> None:
    kids = b" ".join([b"3 0 R"] * 100_000)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 100000 /Kids [%s] >>" % kids,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    ]

    assert "100,000 pages" in refusal(pdf_of(objects), "x.pdf", LIMITS)


def test_a_form_that_draws_itself_ends(outcome: Outcome) -> None:
    stream = b"/X Do BT /F 12 Tf (Words) Tj ET"
    resources = b"/Resources << /XObject << /X 4 0 R >> /Font << /F 5 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R %s >>" % resources,
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 200 200] %s /Length %d >>\n"
        b"stream\n%s\nendstream" % (resources, len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]

    assert "Words" in outcome(pdf_of(objects), "x.pdf")


def test_a_stream_that_inflates_without_end_is_bounded(refusal: Refusal) -> None:
    deflate = zlib.compressobj(1)
    step = b"BT ET\n" * 100_000
    bomb = b"".join(deflate.compress(step) for _ in range(500)) + deflate.flush()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R >>",
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(bomb), bomb),
    ]
    assert len(bomb) < 3 * MIB

    assert refusal(pdf_of(objects), "x.pdf", Limits(memory_bytes=250 * MIB, cpu_seconds=10))
