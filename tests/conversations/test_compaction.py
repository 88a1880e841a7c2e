"""A history that outgrows the context is summed up, once, and the page is told."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.accounts.models import User
from chatapp.backends.base import ReasoningDelta, TextDelta, Waiting
from chatapp.backends.errors import ContextExceeded, Overloaded, Unreachable
from chatapp.backends.facts import Effort
from chatapp.conversations import prompt
from chatapp.conversations.compaction import MOST_TURNS, SUMMARY_TOKENS, surplus
from chatapp.conversations.events import (
    Compacted,
    Compacting,
    Ended,
    Event,
    Judged,
    LeftOut,
    Queued,
    Text,
)
from chatapp.conversations.models import Turn
from chatapp.conversations.prompt import SUM_UP, SUMMED_UP, Exchange, Material, Summary
from chatapp.conversations.turn import Tools, TurnRequest
from tests.conversations.conftest import Connect, Frame, Socket, Use
from tests.conversations.scripted import (
    DONE,
    Attempts,
    Played,
    ScriptedBackend,
    ScriptedJudge,
    ScriptedModel,
    make_tools,
    play,
    saying,
)

LONG = "A sentence of an answer that is not short. " * 20
HISTORY = tuple(Exchange(f"Question {n}?", LONG, f"t{n}") for n in range(12))
ASK = TurnRequest("And?", HISTORY)
SUMMARY = "They spoke of leave."


async def small() -> ScriptedModel:
    return ScriptedModel(context_tokens=4096)


def tools_of(*backends: ScriptedBackend, judge: ScriptedJudge | None = None) -> Tools:
    """Each request is answered by the next of ``backends``."""
    attempts = Attempts(*backends)
    return replace(make_tools(judge=judge), model=small, backend=attempts)


def only(played: Played, kind: type[Event]) -> Any:
    (found,) = played.of(kind)
    return found


async def test_what_has_no_room_is_summed_up_and_told_instead() -> None:
    sums, answers = saying(SUMMARY), saying("Yes.")
    played = await play(ASK, tools_of(sums, answers))
    told = only(played, Compacted)
    assert told.text == SUMMARY
    assert told.turns == tuple(f"t{n}" for n in range(len(told.turns)))
    assert only(played, Compacting).turns == len(told.turns)
    assert played.of(LeftOut) == []
    assert (played.text(Text), played.events[-1]) == ("Yes.", Ended("done"))

    (wish,) = sums.requests
    system, conversation = wish.messages
    assert (system.content, wish.max_tokens) == (SUM_UP, SUMMARY_TOKENS)
    assert wish.effort is Effort.OFF
    assert [f"Question {n}?" in conversation.content for n in range(len(HISTORY))] == [
        n < len(told.turns) for n in range(len(HISTORY))
    ]
    asked = [message.content for message in answers.requests[0].messages]
    assert asked[1] == f"{SUMMED_UP}\n\n{SUMMARY}"
    assert asked[3] == f"Question {len(told.turns)}?"
    assert [m.role for m in answers.requests[0].messages[1:]] == (
        ["user", "assistant"] * (len(asked) // 2 - 1) + ["user"]
    )


async def test_a_history_that_fits_is_not_summed_up() -> None:
    played = await play(replace(ASK, history=HISTORY[:2]), tools_of(saying("Yes.")))
    assert played.of(Compacting) == played.of(Compacted) == []


async def test_a_summary_is_told_again_and_not_made_again() -> None:
    request = replace(ASK, history=HISTORY[-2:], summary=Summary(("t0", "t1"), SUMMARY))
    played = await play(request, tools_of(saying("Yes.")))
    assert only(played, Compacted) == Compacted(("t0", "t1"), SUMMARY)
    assert played.of(Compacting) == []


async def test_the_next_summary_holds_the_one_before() -> None:
    sums = saying("All of it.")
    request = replace(ASK, summary=Summary(("a", "b"), SUMMARY))
    played = await play(request, tools_of(sums, saying("Yes.")))
    told = only(played, Compacted)
    assert told.turns[:3] == ("a", "b", "t0")
    assert SUMMARY in sums.requests[0].messages[1].content


async def test_it_makes_room_for_more_than_the_next_turn() -> None:
    history = Material("And?", HISTORY)
    first = surplus(history, 3500)
    left = replace(history, history=HISTORY[first:], summary=Summary(("t0",), SUMMARY))
    assert first > 0
    assert surplus(left, 3500) == 0
    assert surplus(replace(left, history=(*left.history, HISTORY[0])), 3500) == 0


def test_very_many_short_turns_are_summed_up_before_they_are_forgotten() -> None:
    history = tuple(Exchange("Hi", "Hello", f"t{n}") for n in range(MOST_TURNS + 1))
    assert surplus(Material("And?", history[1:]), 100_000) == 0
    assert surplus(Material("And?", history), 100_000) == MOST_TURNS // 2 + 1


def test_a_history_that_no_turn_keeps_is_not_summed_up() -> None:
    history = tuple(replace(exchange, turn="") for exchange in HISTORY)
    assert surplus(Material("And?", history), 3500) == 0


@given(st.integers(300, 6000), st.integers(0, 12), st.integers(0, 2500))
def test_no_prompt_with_a_summary_is_over_its_budget(budget: int, turns: int, size: int) -> None:
    material = Material("And?", HISTORY[:turns], summary=Summary(("s",), "x" * size))
    try:
        made = prompt.build(material, budget)
    except ContextExceeded:
        return
    assert prompt.total(made.messages) <= budget
    told = len(made.messages) // 2 - 1 - (made.summary is not None)
    assert told + len(made.left_out) == turns + (made.summary is None)


# --- what can go wrong ------------------------------------------------------------------------


async def test_a_summary_that_the_guard_blocks_is_told_to_nobody() -> None:
    judge = ScriptedJudge({"bomb": "S9"})
    answers = saying("Yes.")
    played = await play(ASK, tools_of(saying("How to build a bomb."), answers, judge=judge))
    assert played.of(Compacted) == []
    assert only(played, LeftOut).turns
    assert "block" in [event.action for event in played.of(Judged) if isinstance(event, Judged)]
    assert "bomb" not in str(answers.requests)
    assert played.text(Text) == "Yes."


@pytest.mark.parametrize(
    "sums",
    [saying(""), saying("  \n"), ScriptedBackend(ReasoningDelta("Hm."), DONE)],
    ids=["nothing", "space", "thoughts alone"],
)
async def test_without_a_summary_what_has_no_room_is_left_out(sums: ScriptedBackend) -> None:
    played = await play(ASK, tools_of(sums, saying("Yes.")))
    assert played.of(Compacted) == []
    assert only(played, LeftOut).turns
    assert played.text(Text) == "Yes."


async def test_thoughts_are_no_part_of_a_summary() -> None:
    sums = ScriptedBackend(Waiting(2), ReasoningDelta("Hm."), TextDelta(SUMMARY), DONE)
    played = await play(ASK, tools_of(sums, saying("Yes.")))
    assert only(played, Compacted).text == SUMMARY
    assert played.of(Queued) == [Queued(2)]


async def test_where_summing_up_fails_another_server_answers_without() -> None:
    attempts = Attempts(ScriptedBackend(Overloaded()), saying("Yes."))
    tools = replace(make_tools(), model=small, backend=attempts, may_retry=attempts.may_retry)
    played = await play(ASK, tools)
    assert played.text(Text) == "Yes."
    assert only(played, LeftOut).turns


async def test_where_no_server_is_left_the_turn_ends() -> None:
    played = await play(ASK, tools_of(ScriptedBackend(Unreachable())))
    assert played.events[-1] == Ended("failed", Unreachable.sentence)


async def test_an_exchange_that_fits_into_no_request_is_left_out() -> None:
    huge = (Exchange("Q", "word " * 5000, "huge"), *HISTORY)
    played = await play(replace(ASK, history=huge), tools_of(saying("Yes.")))
    assert only(played, LeftOut).turns[0] == "huge"
    assert played.text(Text) == "Yes."


# --- what is kept -----------------------------------------------------------------------------


async def told(socket: Socket, question: str, before: Frame | None = None) -> tuple[Frame, Any]:
    """What was accepted, and what was told of summaries."""
    accepted = await socket.ask(question, before["conversation"] if before else None)
    events = [frame["event"] for frame in await socket.until_end()]
    return accepted, [event for event in events if event["type"].startswith("compact")]


async def test_a_summary_is_stored_and_serves_the_turns_that_follow(
    connect: Connect, use: Use, employee: User
) -> None:
    socket, last = await connect(employee), None
    for number in range(5):
        use(make_tools(saying(LONG)))
        last, _ = await told(socket, f"Question {number}?", last)
    await Turn.objects.aupdate(answer=LONG * 3)

    use(tools_of(saying(SUMMARY), saying("Yes.")))
    sixth, events = await told(socket, "Six?", last)
    assert [event["type"] for event in events] == ["compacting", "compacted"]
    row = await Turn.objects.aget(id=sixth["turn"])
    assert row.compacted == events[-1]

    answers = saying("Yes.")
    use(tools_of(answers))
    seventh, events = await told(socket, "Seven?", sixth)
    assert events == [row.compacted], "it is told and not made again"
    asked = [message.content for message in answers.requests[0].messages]
    assert asked[1].endswith(SUMMARY)
    assert "Question 0?" not in asked
    assert "Six?" in asked
    assert (await Turn.objects.aget(id=seventh["turn"])).compacted == row.compacted
