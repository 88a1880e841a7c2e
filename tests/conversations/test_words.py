"""Words as search compares them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.conversations.words import ASKED_WORDS, Piece, asked, folded, matches, snippet


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("How much LEAVE?", "how much leave"),
        ("Café, naïve; ÅNGSTRÖM", "cafe naive angstrom"),
        ("Cafe\u0301", "cafe"),
        ("Straße ﬁnden", "strasse finden"),
        ("ＦＵＬＬ ①", "full 1"),
        ("إِجَازَة سنوية", "اجازة سنوية"),
        ("שָׁלוֹם", "שלום"),
        ("年次休暇", "年 次 休 暇"),
        ("안녕하세요", "안녕하세요"),
        ("हिन्दी भाषा", "हनद भष"),
        ("snake_case a.b@c.example", "snake case a b c example"),
        ("'; DROP TABLE x; -- \" * ( ) NEAR/2 ^ : & | ! <->", "drop table x near 2"),
        ("\0\u202e\ud800 ", ""),
        ("", ""),
    ],
)
def test_words_are_cut_and_folded(text: str, words: str) -> None:
    assert folded(text) == words


def test_a_query_is_no_longer_than_makes_sense() -> None:
    assert asked("") == asked(" \n!") == ()
    assert len(asked(" ".join(f"w{n}" for n in range(5000)))) == ASKED_WORDS
    assert asked("x" * 10_000) == ("x" * 64,)
    assert asked("leave Leave LEAVE") == ("leave",)


@given(st.text(max_size=300), st.text(max_size=60))
def test_a_snippet_shows_words_of_the_text_and_marks_what_was_asked_for(
    text: str, query: str
) -> None:
    wanted = asked(query)
    pieces = snippet(text, wanted)
    shown = "".join(piece.text for piece in pieces).strip("…").split()
    assert " ".join(shown) in " ".join(text.split())
    assert all(matches(piece.text, wanted) for piece in pieces if piece.found)


@given(st.text(max_size=300))
def test_every_word_of_a_text_finds_it(text: str) -> None:
    for word in folded(text).split():
        assert matches(text, (word[:3],)) == {word[:3]}


def test_a_snippet_begins_near_the_first_match_at_a_word() -> None:
    text = "plain words " * 40 + "the Résumé of it " + "and more words " * 40
    pieces = snippet(text, ("resum",))
    assert pieces[0] == Piece("…")
    assert pieces[1].text.startswith(("plain ", "words "))
    assert pieces[2] == Piece("Résumé", found=True)
    assert pieces[-1] == Piece("…")
    assert sum(len(piece.text) for piece in pieces) < 250
