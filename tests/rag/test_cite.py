"""Citation marks are found however the text is cut, and the text itself never changes."""

from collections.abc import Iterable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.cite import Citation, CitationFilter

ANSWER = "You have 28 days [1], and [2][3] more; see [12] and x[0]. [1"


def run(pieces: Iterable[str], sources: int = 3) -> list[str | Citation]:
    citations = CitationFilter(sources)
    found = [out for piece in pieces for out in citations.feed(piece)]
    return [*found, *citations.flush()]


def text_of(outputs: list[str | Citation]) -> str:
    return "".join(out for out in outputs if isinstance(out, str))


def citations_of(outputs: list[str | Citation]) -> list[Citation]:
    return [out for out in outputs if isinstance(out, Citation)]


EXPECTED = [
    Citation(1, ANSWER.index("[1]")),
    Citation(2, ANSWER.index("[2]")),
    Citation(3, ANSWER.index("[3]")),
]


def test_marks_are_found_wherever_the_text_is_cut() -> None:
    for first, second in combinations(range(1, len(ANSWER)), 2):
        outputs = run([ANSWER[:first], ANSWER[first:second], ANSWER[second:]])

        assert text_of(outputs) == ANSWER
        assert citations_of(outputs) == EXPECTED


def test_marks_are_found_in_single_characters() -> None:
    outputs = run(ANSWER)

    assert text_of(outputs) == ANSWER
    assert citations_of(outputs) == EXPECTED


def test_a_citation_follows_the_text_that_ends_with_its_mark() -> None:
    assert run(["Yes [2] indeed"]) == ["Yes [2]", Citation(2, 4), " indeed"]


def test_a_half_mark_waits_for_its_end() -> None:
    citations = CitationFilter(3)

    assert list(citations.feed("days [")) == ["days "]
    assert list(citations.feed("1")) == []
    assert list(citations.feed("] and")) == ["[1]", Citation(1, 5), " and"]


def test_text_that_turns_out_to_be_no_mark_is_let_go() -> None:
    citations = CitationFilter(3)

    assert list(citations.feed("see [1")) == ["see "]
    assert list(citations.feed("a]")) == ["[1a]"]
    assert list(citations.flush()) == []


def test_the_end_of_the_text_lets_go_what_was_held() -> None:
    assert run(["a ["]) == ["a ", "["]


@pytest.mark.parametrize(
    "mark", ["[4]", "[0]", "[01]", "[ 1]", "[-1]", "[1.]", "[9999]", "[\u0661]"]
)
def test_what_names_no_source_is_text(mark: str) -> None:
    assert run([f"x {mark} y"]) == [f"x {mark} y"]


def test_without_sources_every_mark_is_text() -> None:
    assert run(["a [1] b"], sources=0) == ["a [1] b"]


@given(st.lists(st.text("[]123 a"), max_size=20))
def test_the_text_passes_unchanged_and_every_offset_points_at_its_mark(pieces: list[str]) -> None:
    outputs = run(pieces)
    whole = "".join(pieces)

    assert text_of(outputs) == whole
    for citation in citations_of(outputs):
        assert whole.startswith(f"[{citation.number}]", citation.at)


def test_a_long_row_of_brackets_takes_no_time() -> None:
    text = "[" * 200_000

    assert text_of(run([text])) == text
