"""A client's messages, as a turn sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.api.errors import Invalid
from chatapp.api.talk import Said, Talk, talk_of
from chatapp.conversations.prompt import Exchange


def talk(*messages: tuple[str, str]) -> Talk:
    return talk_of(Said(role, text) for role, text in messages)


def test_the_last_message_is_the_question_and_the_rest_is_before_it() -> None:
    assert talk(("user", "a"), ("assistant", "b"), ("user", "c")) == Talk(
        "", (Exchange("a", "b"),), "c"
    )


def test_instructions_stand_together_wherever_they_came() -> None:
    found = talk(("system", "x"), ("user", "a"), ("assistant", "b"), ("system", "y"), ("user", "c"))
    assert found.instructions == "x\n\ny"
    assert found.history == (Exchange("a", "b"),)


def test_neighbours_of_one_role_are_one_message() -> None:
    found = talk(
        ("user", "a"), ("user", "b"), ("assistant", "c"), ("assistant", "d"), ("user", "e")
    )
    assert found == Talk("", (Exchange("a\n\nb", "c\n\nd"),), "e")


def test_what_has_no_words_is_nothing() -> None:
    assert talk(("system", " "), ("user", "a"), ("assistant", ""), ("user", "b")) == Talk(
        "", (), "a\n\nb"
    )


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [("system", "x")],
        [("user", " ")],
        [("user", "a"), ("assistant", "b")],
        [("assistant", "b"), ("user", "a")],
    ],
)
def test_without_a_question_there_is_nothing_to_answer(messages: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid, match="message") as refused:
        talk(*messages)
    assert refused.value.param == "messages"


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text())))
def test_no_word_is_lost_or_told_twice(messages: list[tuple[str, str]]) -> None:
    try:
        found = talk(*messages)
    except Invalid:
        return
    kept = [found.instructions, found.question]
    kept += [text for each in found.history for text in (each.question, each.answer)]
    spoken = [text for _, text in messages if text.strip()]
    assert sorted("".join("".join(kept).split())) == sorted("".join("".join(spoken).split()))
