"""Judged words as the page shows them: escaped, marked, with nothing hidden."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.moderation.words import as_judged


def place(start: int | None, end: int | None, name: str = "Personal Data") -> dict[str, object]:
    return {"category": "PERSONAL_DATA", "name": name, "score": 1.0, "start": start, "end": end}


def test_markup_is_only_text() -> None:
    assert as_judged("<b onclick='x'>&") == "&lt;b onclick=&#x27;x&#x27;&gt;&amp;"


def test_what_was_found_is_marked() -> None:
    html = as_judged("Call 555-0100 now", [place(5, 13)])
    assert html == 'Call <mark title="Personal Data">555-0100</mark> now'


def test_marked_words_and_their_names_are_escaped() -> None:
    html = as_judged("<i>", [place(0, 3, '"><script>')])
    assert "<i>" not in html
    assert "<script>" not in html


def test_findings_without_a_place_mark_nothing() -> None:
    assert as_judged("words", [place(None, None)]) == "words"


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([(0, 2), (1, 4)], "<m>ab</m><m>cd</m>ef"),
        ([(1, 3), (1, 3)], "a<m>bc</m>def"),
        ([(0, 6)], "<m>abcdef</m>"),
        ([(4, 99)], "abcd<m>ef</m>"),
        ([(7, 9)], "abcdef"),
        ([(3, 3)], "abcdef"),
        ([(4, 5), (0, 1)], "<m>a</m>bcd<m>e</m>f"),
    ],
)
def test_places_that_overlap_or_lie_outside(places: list[tuple[int, int]], expected: str) -> None:
    html = as_judged("abcdef", [place(start, end, "x") for start, end in places])
    assert html.replace(' title="x"', "").replace("mark>", "m>").replace("<mark", "<m") == expected


@pytest.mark.parametrize(
    ("character", "number", "name"),
    [
        ("\u200b", "U+200B", "zero width space"),
        ("\u202e", "U+202E", "right-to-left override"),
        ("\U000e0041", "U+E0041", "tag latin capital letter a"),
        ("\x1b", "U+001B", "control character"),
    ],
)
def test_a_character_that_hides_is_shown(character: str, number: str, name: str) -> None:
    html = as_judged(f"bo{character}mb")
    assert html == f'bo<span class="hidden-character" title="{name}">{number}</span>mb'


def test_lines_tabs_and_soft_hyphens_are_ordinary() -> None:
    text = "a\n\tb\r\nc\u00add"
    assert as_judged(text) == text


class Plain(HTMLParser):
    """The words of HTML, with the invisible characters back in their places."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.hidden = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  HTMLParser's
        self.hidden = tag == "span"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  HTMLParser's
        self.hidden = False

    def handle_data(self, data: str) -> None:
        self.words += chr(int(data.removeprefix("U+"), 16)) if self.hidden else data


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70))))
def test_no_character_is_lost_or_doubled(text: str, places: list[tuple[int, int]]) -> None:
    plain = Plain()
    plain.feed(as_judged(text, [place(start, end, "x") for start, end in places]))
    plain.close()
    assert plain.words == text
