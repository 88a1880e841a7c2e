"""What is true of pieces whatever the document and whatever counts its tokens."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.chunk import cut
from rag.passage import Block, Extracted, Piece
from rag.tokens import estimate

SIZE = 60
LETTERS = st.sampled_from("abcXYZ0189.,!?\u00e9\u00df\u4f11\u6687\u3002\u0416|-_[]")
SHORT = st.text(LETTERS, min_size=1, max_size=8)
# Long things are short ones repeated, which hypothesis makes far faster than random ones.
WORD = st.builds(lambda word, times: word * times, SHORT, st.sampled_from([1, 1, 1, 1, 40]))
LINE = st.builds(
    lambda words, times: " ".join(words * times),
    st.lists(WORD, min_size=1, max_size=4),
    st.sampled_from([1, 1, 1, 8]),
)
TEXT = st.lists(LINE, min_size=1, max_size=4).map("\n".join)
PAGES = st.none() | st.integers(1, 5)
PLAIN = st.builds(Block, st.sampled_from(["text", "list", "code"]), TEXT, PAGES)
TABLE = st.builds(Block, st.just("table"), TEXT, PAGES)
HEADING = st.builds(
    Block, st.just("heading"), WORD.map(lambda word: word[:40]), PAGES, st.integers(0, 6)
)


def characters(text: str) -> int:
    """A tokenizer of the worst kind: every four characters are a token."""
    return -(-len(text) // 4)


def bytes_counted(text: str) -> int:
    return len(text.encode()) // 3 + 1


counters = pytest.mark.parametrize("count", [estimate, characters, bytes_counted])


def documents(*kinds: st.SearchStrategy[Block]) -> st.SearchStrategy[Extracted]:
    blocks = st.lists(st.one_of(*kinds), max_size=8).map(tuple)
    return st.builds(Extracted, st.text(LETTERS, max_size=80), blocks)


def squeezed(text: str) -> str:
    return "".join(text.split())


@counters
@given(documents(PLAIN, TABLE, HEADING))
@settings(max_examples=60)
def test_no_piece_is_over_the_budget(count: Callable[[str], int], extracted: Extracted) -> None:
    assert all(count(piece.embedded) <= SIZE for piece in cut(extracted, SIZE, count))


@counters
@given(documents(PLAIN))
@settings(max_examples=60)
def test_every_character_comes_out_in_order(
    count: Callable[[str], int], extracted: Extracted
) -> None:
    pieces = cut(extracted, SIZE, count)

    given_text = "".join(block.text for block in extracted.blocks)
    assert squeezed("".join(piece.text for piece in pieces)) == squeezed(given_text)


@given(documents(PLAIN, TABLE, HEADING))
@settings(max_examples=60)
def test_every_line_of_every_block_is_in_a_piece_or_in_a_heading(extracted: Extracted) -> None:
    held = squeezed("".join(f"{p.heading}{p.text}" for p in cut(extracted, 1_000_000)))

    for block in extracted.blocks:
        assert all(squeezed(line) in held for line in block.text.split("\n"))


@given(documents(PLAIN, TABLE, HEADING))
@settings(max_examples=30)
def test_the_same_document_gives_the_same_pieces(extracted: Extracted) -> None:
    assert cut(extracted, SIZE) == cut(extracted, SIZE)


@given(documents(PLAIN, TABLE, HEADING))
@settings(max_examples=60)
def test_a_piece_has_text_and_a_page_that_the_document_has(extracted: Extracted) -> None:
    pages = {block.page for block in extracted.blocks}
    pieces: list[Piece] = cut(extracted, SIZE)

    assert all(piece.text.strip() for piece in pieces)
    assert {piece.page for piece in pieces} <= pages
