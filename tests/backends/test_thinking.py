"""Reasoning between tags leaves the answer, wherever the tags are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.backends.base import ReasoningDelta, TextDelta
from chatapp.backends.thinking import ThinkSplitter

CASES = {
    "<think>Let me see.</think>\n\nBlue.": ("Let me see.", "Blue."),
    "\n<think>\na < b </thin </think>Blue.": ("\na < b </thin ", "Blue."),
    "<think></think>\n\nBlue.": ("", "Blue."),
    "<think>One.</think> <think>Two.</think> Blue.": ("One.Two.", "Blue."),
    "Blue.": ("", "Blue."),
    " Blue.": ("", " Blue."),
    "The tag <think> opens, </think> closes.": ("", "The tag <think> opens, </think> closes."),
    "<thinking>Blue.": ("", "<thinking>Blue."),
    "<b>Blue.</b>": ("", "<b>Blue.</b>"),
    "<think>It never ends </thi": ("It never ends </thi", ""),
    "<thi": ("", "<thi"),
    "<think>Only this.</think>": ("Only this.", ""),
    "": ("", ""),
}


def split(pieces: list[str], *, opened: bool = False) -> tuple[str, str]:
    splitter = ThinkSplitter(opened=opened)
    deltas = [delta for piece in pieces for delta in splitter.feed(piece)]
    deltas += splitter.finish()
    assert all(delta.text for delta in deltas)
    reasoning = "".join(d.text for d in deltas if isinstance(d, ReasoningDelta))
    return reasoning, "".join(d.text for d in deltas if isinstance(d, TextDelta))


@pytest.mark.parametrize("text", CASES)
def test_it_splits_alike_wherever_the_text_is_cut_in_two(text: str) -> None:
    for place in range(len(text) + 1):
        assert split([text[:place], text[place:]]) == CASES[text]


@pytest.mark.parametrize("text", CASES)
def test_it_splits_alike_character_by_character(text: str) -> None:
    assert split(list(text)) == CASES[text]


OPENED = {
    "Let me see.</think>\n\nBlue.": ("Let me see.", "Blue."),
    "\n<think>Let me see.</think> Blue.": ("Let me see.", "Blue."),
    "It never ends": ("It never ends", ""),
    "<thi": ("<thi", ""),
    "": ("", ""),
}


@pytest.mark.parametrize("text", OPENED)
def test_what_begins_inside_the_reasoning_ends_with_its_closing_tag(text: str) -> None:
    for place in range(len(text) + 1):
        assert split([text[:place], text[place:]], opened=True) == OPENED[text]


def test_where_the_server_sends_reasoning_apart_all_text_is_the_answers() -> None:
    splitter = ThinkSplitter(opened=True)
    splitter.was_apart()
    assert list(splitter.feed("Blue.")) == [TextDelta("Blue.")]


@given(st.text(alphabet="<think>/ \nab", max_size=60))
def test_no_cut_changes_what_comes_out(text: str) -> None:
    assert split(list(text)) == split([text])


def test_text_without_a_tag_is_released_at_once() -> None:
    splitter = ThinkSplitter()
    assert list(splitter.feed("Blue")) == [TextDelta("Blue")]
    assert list(splitter.feed(" <")) == [TextDelta(" <")]


def test_reasoning_is_released_but_for_what_may_be_the_closing_tag() -> None:
    splitter = ThinkSplitter()
    assert list(splitter.feed("<think>abc</th")) == [ReasoningDelta("abc")]
    assert list(splitter.feed("e")) == [ReasoningDelta("</the")]


def test_thousands_of_blocks_are_no_burden() -> None:
    assert split(["<think>a</think>" * 4_000]) == ("a" * 4_000, "")
