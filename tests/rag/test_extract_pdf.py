"""PDF: facts come out with their page and the heading above them."""

from rag.extract import Limits
from tests.rag.conftest import Read, Refusal, block_with, heading_over, texts
from tests.rag.documents import pdf, pdf_of

LEAVE = [
    (20, "Annual leave"),
    (0, ""),
    (11, "Everyone has twenty-eight days of paid leave in each calendar year, and what is left"),
    (11, "over in December may be taken until the end of March."),
    (0, ""),
    (11, "Ask your lead."),
]
TRAVEL = [
    (20, "Travel"),
    (0, ""),
    (15, "Trains"),
    (0, ""),
    (11, "Book second class below two hours."),
]


def test_it_gives_each_fact_its_page(read: Read) -> None:
    document = read(pdf(LEAVE, TRAVEL))

    assert document.pages == 2
    assert block_with(document, "twenty-eight days").page == 1
    assert block_with(document, "second class").page == 2
    assert document.media_type == "application/pdf"


def test_it_takes_a_larger_short_line_for_a_heading(read: Read) -> None:
    document = read(pdf(LEAVE, TRAVEL))

    levels = {b.text: b.level for b in document.blocks if b.kind == "heading"}
    assert levels == {"Annual leave": 1, "Travel": 1, "Trains": 2}
    assert heading_over(document, "second class") == "Trains"


def test_it_joins_the_lines_of_a_paragraph_and_keeps_paragraphs_apart(read: Read) -> None:
    document = read(pdf(LEAVE))

    assert texts(document, "text") == [
        "Everyone has twenty-eight days of paid leave in each calendar year, and what is left "
        "over in December may be taken until the end of March.",
        "Ask your lead.",
    ]


def test_it_keeps_short_lines_as_lines(read: Read) -> None:
    wide = "A line that is wide enough to show where the right edge of the text on this page is."
    document = read(pdf([(11, wide), (0, ""), (11, "Room Aire: 8"), (11, "Room Wharfe: 20")]))

    assert "Room Aire: 8\nRoom Wharfe: 20" in texts(document)


def test_it_takes_large_prose_for_text(read: Read) -> None:
    document = read(pdf([(20, "This is a sentence that ends."), (11, "And small print below it.")]))

    assert texts(document, "heading") == []


def test_it_reads_accents_and_characters_beyond_ascii(read: Read) -> None:
    assert texts(read(pdf([(11, "Gr\u00fc\u00dfe aus K\u00f6ln \u2013 \u20ac 25")]))) == [
        "Gr\u00fc\u00dfe aus K\u00f6ln \u2013 \u20ac 25"
    ]


def test_it_takes_the_documents_own_title(read: Read) -> None:
    assert read(pdf(LEAVE, title="Leave handbook"), "scan0001.pdf").title == "Leave handbook"


def test_it_does_not_take_a_title_that_a_program_made_up(read: Read) -> None:
    document = read(pdf(LEAVE, title="Microsoft Word - final2.docx"), "Leave.pdf")

    assert document.title == "Leave"


def test_it_says_that_a_scan_has_no_text_layer(refusal: Refusal) -> None:
    assert "no text layer" in refusal(pdf([(0, "")]))


def test_it_refuses_more_pages_than_the_limit(refusal: Refusal) -> None:
    sentence = refusal(pdf(LEAVE, TRAVEL, LEAVE), limits=Limits(pages=2))

    assert "3 pages and the limit is 2" in sentence


def test_it_reads_the_pages_that_are_whole_beside_one_that_is_damaged(read: Read) -> None:
    whole = pdf(LEAVE, TRAVEL)
    damaged = whole.replace(b"/Contents 5 0 R", b"/Contents 99 0 R")

    document = read(damaged)

    assert block_with(document, "second class").page == 2
    assert document.pages == 2


def test_it_reads_what_was_typed_into_a_form(read: Read) -> None:
    stream = b"BT /F 11 Tf 2 2 Td (Badge 4711) Tj ET"
    font = b"/Resources << /Font << /F 4 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Annots [5 0 R] %s >>" % font,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (badge) /V (Badge 4711) /F 4"
        b" /Rect [10 10 200 30] /P 3 0 R /AP << /N 6 0 R >> >>",
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 190 20] %s /Length %d >>\n"
        % (font, len(stream))
        + b"stream\n%s\nendstream" % stream,
    ]

    assert texts(read(pdf_of(objects))) == ["Badge 4711"]
