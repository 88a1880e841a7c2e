"""Pieces follow the document's structure, and each cites one heading and one page."""

import pytest

from rag.chunk import cut
from rag.passage import Block, Extracted, Piece
from rag.tokens import estimate

SENTENCE = "The quick brown fox jumps over the lazy dog near the river bank today. "


def document(*blocks: Block, title: str = "Handbook") -> Extracted:
    return Extracted(title, blocks)


def heading(text: str, level: int, page: int | None = None) -> Block:
    return Block("heading", text, page, level)


def words(pieces: list[Piece]) -> list[str]:
    return [word for piece in pieces for word in piece.text.split()]


def test_a_piece_carries_the_path_of_headings_above_it() -> None:
    pieces = cut(
        document(
            heading("Leave", 1),
            Block("text", "In general."),
            heading("Parental leave", 2),
            Block("text", "Twenty-six weeks."),
            heading("Travel", 1),
            Block("text", "By train."),
        )
    )

    assert [(p.heading, p.text) for p in pieces] == [
        ("Leave", "In general."),
        ("Leave > Parental leave", "Twenty-six weeks."),
        ("Travel", "By train."),
    ]


def test_what_is_embedded_names_the_title_and_the_headings() -> None:
    (piece,) = cut(document(heading("Leave", 1), Block("text", "28 days.")))

    assert piece.embedded == "Handbook > Leave\n\n28 days."


def test_a_title_that_is_the_first_heading_is_not_said_twice() -> None:
    (piece,) = cut(document(heading("Leave", 1), Block("text", "28 days."), title="Leave"))

    assert piece.embedded == "Leave\n\n28 days."


def test_a_piece_never_spans_two_pages() -> None:
    pieces = cut(document(Block("text", "On one.", 1), Block("text", "On two.", 2)))

    assert [(p.page, p.text) for p in pieces] == [(1, "On one."), (2, "On two.")]


def test_the_page_is_that_of_the_text_and_not_of_the_heading_before_it() -> None:
    (piece,) = cut(document(heading("Leave", 1, page=3), Block("text", "28 days.", 4)))

    assert piece.page == 4


def test_short_blocks_of_one_section_share_a_piece() -> None:
    pieces = cut(document(Block("text", "One."), Block("list", "- a"), Block("list", "- b")))

    assert [p.text for p in pieces] == ["One.\n\n- a\n- b"]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    pieces = cut(document(Block("text", SENTENCE * 40)), size=100)

    assert len(pieces) > 5
    assert all(piece.text.endswith("today.") for piece in pieces)
    assert words(pieces) == (SENTENCE * 40).split()


def test_a_long_sentence_is_cut_between_words() -> None:
    text = "word " * 500
    pieces = cut(document(Block("text", text)), size=100)

    assert len(pieces) > 4
    assert words(pieces) == text.split()


@pytest.mark.parametrize("text", ["QmFzZTY0" * 2000, "\u4f11\u6687\u306f\u5e74" * 500])
def test_a_text_without_spaces_is_cut_too(text: str) -> None:
    pieces = cut(document(Block("text", text)), size=100)

    assert all(estimate(piece.embedded) <= 100 for piece in pieces)
    assert "".join(piece.text for piece in pieces) == text


def test_each_piece_of_a_table_starts_with_its_header() -> None:
    rows = [f"City {n} | {n}00" for n in range(100)]
    table = "\n".join(["City | Rate", *rows])

    pieces = cut(document(Block("table", table)), size=100)

    assert len(pieces) > 3
    assert all(piece.text.startswith("City | Rate\nCity ") for piece in pieces)
    assert [row for piece in pieces for row in piece.text.split("\n")[1:]] == rows


def test_a_row_longer_than_a_piece_is_cut_under_the_header() -> None:
    table = "Topic | Rule\nTravel | " + SENTENCE * 20

    pieces = cut(document(Block("table", table)), size=100)

    assert all(piece.text.startswith("Topic | Rule\n") for piece in pieces)


def test_a_header_too_long_to_repeat_stands_once() -> None:
    header = " | ".join(f"Column number {n}" for n in range(30))
    pieces = cut(document(Block("table", f"{header}\na | b\nc | d")), size=100)

    assert words(pieces) == f"{header} a | b c | d".split()
    assert all(estimate(piece.embedded) <= 100 for piece in pieces)


def test_a_table_after_text_keeps_its_header_beside_its_rows() -> None:
    (piece,) = cut(document(Block("text", "Rates:"), Block("table", "City | Rate\nGhent | 140")))

    assert piece.text == "Rates:\n\nCity | Rate\nGhent | 140"


def test_a_heading_with_nothing_under_it_is_kept_as_text() -> None:
    pieces = cut(document(heading("Empty", 1), heading("Full", 1), Block("text", "Words.")))

    assert [(p.heading, p.text) for p in pieces] == [("", "Empty"), ("Full", "Words.")]


def test_a_heading_at_the_end_is_kept_as_text() -> None:
    pieces = cut(document(heading("A", 1), Block("text", "Words."), heading("Sub", 2)))

    assert [(p.heading, p.text) for p in pieces] == [("A", "Words."), ("A", "Sub")]


def test_a_paragraph_styled_as_a_heading_is_text() -> None:
    (piece,) = cut(document(heading(SENTENCE * 3, 1)))

    assert piece.text.split() == (SENTENCE * 3).split()
    assert piece.heading == ""


def test_a_deep_path_keeps_its_innermost_headings_within_what_a_row_holds() -> None:
    path = [heading(f"Level {n} " + "x" * 120, n) for n in range(1, 7)]

    (piece,) = cut(document(*path, Block("text", "Deep.")))

    assert len(piece.heading) <= 500
    assert "Level 6" in piece.heading
    assert "Level 1" not in piece.heading


def test_a_long_title_leaves_room_for_the_text() -> None:
    (piece,) = cut(document(Block("text", "Short."), title="Title " * 100), size=60)

    assert piece.text == "Short."
    assert estimate(piece.embedded) <= 60


def test_pieces_are_numbered_in_order() -> None:
    pieces = cut(document(Block("text", SENTENCE * 40)), size=100)

    assert [piece.ordinal for piece in pieces] == list(range(len(pieces)))


def test_a_budget_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 40"):
        cut(document(Block("text", "x")), size=10)


def test_a_document_without_blocks_has_no_pieces() -> None:
    assert cut(document()) == []
