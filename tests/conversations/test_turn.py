"""The pipeline of a turn, with scripted parts at its edges and nothing of Django."""

import asyncio
import contextlib
import dataclasses
import itertools
from collections.abc import AsyncGenerator
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.backends import base
from chatapp.backends.base import Finished, Image, ReasoningDelta, Sampling, TextDelta
from chatapp.backends.errors import CannotSee, Overloaded, Unreachable
from chatapp.conversations import runs
from chatapp.conversations.events import (
    Answering,
    Cited,
    Ended,
    Judged,
    Loading,
    Passages,
    Queued,
    Reasoning,
    Retried,
    Searching,
    Started,
    Text,
    Usage,
)
from chatapp.conversations.prompt import SYSTEM, Exchange, cost
from chatapp.conversations.telling import CUT_SHORT, NO_ANSWER
from chatapp.conversations.turn import SEARCH_FAILED, TurnRequest, run_turn
from chatapp.conversations.verdicts import Output
from rag.passage import RagError
from tests.conversations.scripted import (
    DONE,
    Attempts,
    Pause,
    Played,
    ScriptedBackend,
    ScriptedModel,
    ScriptedSearch,
    make_tools,
    passage,
    play,
    saying,
)

ASK = TurnRequest("How much leave?")
SEARCH = TurnRequest("How much leave?", collections=("c",), passages=4)


async def test_a_plain_turn_starts_is_judged_answers_and_ends() -> None:
    played = await play(ASK, make_tools(saying("You have ", "28 days.")))

    assert played.events[0] == Started(
        "How much leave?", "scripted-1b", demo=True, digest="sha256:1234"
    )
    assert played.text(Text) == "You have 28 days."
    assert [(e.stage, e.action) for e in played.events if isinstance(e, Judged)] == [
        ("request", "allow"),
        ("response", "allow"),
    ]
    assert isinstance(usage := played.events[-2], Usage)
    assert (usage.prompt_tokens, usage.answer_tokens, usage.context_tokens) == (12, 3, 4096)
    assert played.events[-1] == Ended("done", "")
    assert played.decided == []


async def test_the_model_is_given_history_passages_and_question() -> None:
    backend = saying("Yes [1].")
    search = ScriptedSearch([passage("Everybody has 28 days.")])
    request = dataclasses.replace(SEARCH, history=(Exchange("Hi", "Hello"),))
    await play(request, make_tools(backend, search=search))

    asked = backend.requests[0]
    assert [message.role for message in asked.messages] == ["system", "user", "assistant", "user"]
    assert "Everybody has 28 days." in asked.messages[-1].content
    assert asked.messages[-1].content.endswith("How much leave?")
    assert (asked.model, asked.max_tokens, asked.context_tokens) == ("scripted-1b", 256, 4096)
    assert search.asked == [("How much leave?", ("c",), 4)]


async def test_the_model_is_asked_as_the_asker_wishes_within_its_limits() -> None:
    backend = saying("Yes.")
    own = dataclasses.replace(ASK, answer_tokens=10, sampling=Sampling(0.0, stop=("END",)))
    for request in (own, dataclasses.replace(ASK, answer_tokens=10_000), ASK):
        await play(request, make_tools(backend))
    asked = [(request.max_tokens, request.sampling) for request in backend.requests]
    assert asked == [(10, Sampling(0.0, stop=("END",))), (256, Sampling()), (256, Sampling())]


async def test_an_answer_may_take_what_the_prompt_leaves_of_the_context() -> None:
    backend = saying("Yes.")
    open_ended = ScriptedModel(answer_tokens=256, answer_most=4096)
    await play(ASK, make_tools(backend, model=open_ended))
    (asked,) = backend.requests
    assert asked.max_tokens == 4096 - sum(map(cost, asked.messages))


async def test_images_go_only_to_a_model_that_sees() -> None:
    backend = saying("A cat.")
    asked = dataclasses.replace(ASK, images=(Image(b"x", "image/png"),))
    blind = await play(asked, make_tools(backend))
    assert blind.events[-1] == Ended("failed", CannotSee.sentence)
    assert backend.requests == []
    await play(asked, make_tools(backend, model=ScriptedModel(sees=True)))
    assert backend.requests[0].messages[-1].images == asked.images


async def test_the_askers_instructions_stand_behind_ours() -> None:
    backend = saying("Yes.")
    await play(dataclasses.replace(ASK, instructions="Speak like a pirate."), make_tools(backend))
    system = backend.requests[0].messages[0]
    assert system.role == "system"
    assert system.content.startswith(SYSTEM)
    assert system.content.endswith("\nSpeak like a pirate.")


async def test_sources_come_before_the_text_and_marks_name_them() -> None:
    search = ScriptedSearch([passage("one"), passage("two", vector_id="d:2")])
    played = await play(SEARCH, make_tools(saying("So [", "2] and [3]."), search=search))

    kinds = [type(event) for event in played.events]
    assert kinds.index(Searching) < kinds.index(Passages) < kinds.index(Text)
    sources = cast(Passages, played.of(Passages)[0]).sources
    assert [(s.number, s.vector_id, s.page) for s in sources] == [(1, "d:1", 3), (2, "d:2", 3)]
    assert played.text(Text) == "So [2] and [3]."
    assert played.of(Cited) == [Cited(2, 3)]


async def test_without_collections_nothing_is_searched_and_the_model_knows() -> None:
    backend, search = saying("Hello."), ScriptedSearch([passage("secret")])
    played = await play(ASK, make_tools(backend, search=search))

    assert search.asked == []
    assert played.of(Searching) == played.of(Passages) == []
    assert "No documents were searched" in backend.requests[0].messages[-1].content


async def test_a_search_that_finds_nothing_says_so_to_the_model_and_to_the_person() -> None:
    backend = saying("I do not know.")
    played = await play(SEARCH, make_tools(backend))
    assert played.of(Passages) == [Passages(())]
    assert "no passage was found" in backend.requests[0].messages[-1].content


async def test_a_search_that_fails_ends_the_turn_and_asks_no_model() -> None:
    backend = saying("I make something up.")
    search = ScriptedSearch(error=RagError("chroma is down"))
    played = await play(SEARCH, make_tools(backend, search=search))
    assert played.events[-1] == Ended("failed", SEARCH_FAILED)
    assert backend.requests == []


@given(st.lists(st.integers(min_value=1, max_value=200), max_size=6))
async def test_text_and_marks_are_the_same_however_the_model_cuts_them(cuts: list[int]) -> None:
    answer = "Everybody has 28 days [1], part-timers fewer [2]. " * 4
    edges = [0, *sorted(set(cuts)), len(answer)]
    pieces = [answer[a:b] for a, b in itertools.pairwise(edges)]
    search = ScriptedSearch([passage("one"), passage("two")])
    played = await play(SEARCH, make_tools(saying(*pieces), search=search))

    assert played.text(Text) == answer
    assert len(played.of(Cited)) == 8
    for event in played.of(Cited):
        cited = cast(Cited, event)
        assert answer[cited.at :].startswith(f"[{cited.number}]")


async def test_a_model_error_ends_the_turn_with_its_sentence_and_keeps_the_text() -> None:
    backend = ScriptedBackend(TextDelta("You have "), Overloaded("503"))
    played = await play(ASK, make_tools(backend))
    assert played.text(Text) == "You have "
    assert played.events[-1] == Ended("failed", Overloaded.sentence)
    assert backend.open == 0


async def test_a_model_server_that_is_away_ends_the_turn_with_a_sentence() -> None:
    async def away() -> ScriptedModel:
        raise Unreachable("no route")

    played = await play(ASK, dataclasses.replace(make_tools(), model=away))
    assert played.events == [Started(ASK.question, ""), Ended("failed", Unreachable.sentence)]


@pytest.mark.parametrize(
    ("script", "ended"),
    [
        ((TextDelta("Long"), Finished("length")), Ended("done", CUT_SHORT)),
        ((DONE,), Ended("failed", NO_ANSWER)),
        ((ReasoningDelta("Hm."), DONE), Ended("failed", NO_ANSWER)),
    ],
)
async def test_it_says_when_an_answer_is_cut_or_missing(script: tuple, ended: Ended) -> None:  # type: ignore[type-arg]  # any script
    played = await play(ASK, make_tools(ScriptedBackend(*script)))
    assert played.events[-1] == ended


async def test_a_question_longer_than_the_context_is_refused_before_the_model() -> None:
    backend = saying("Hello.")
    played = await play(TurnRequest("word " * 5000), make_tools(backend))
    assert cast(Ended, played.events[-1]).status == "failed"
    assert "too long" in cast(Ended, played.events[-1]).reason
    assert backend.requests == []


async def test_closing_the_turn_closes_the_request_to_the_model() -> None:
    pause = Pause()
    backend = ScriptedBackend(TextDelta("Hello, this is a sentence. "), pause, DONE)
    tools = make_tools(backend)
    events = run_turn(ASK, tools)
    reading = asyncio.ensure_future(_drain(events))
    await pause.reached.wait()
    assert backend.open == 1
    reading.cancel()
    await asyncio.wait({reading})
    await events.aclose()
    assert backend.open == 0


async def _drain(events: AsyncGenerator[Output, None]) -> None:
    async for _ in events:
        pass


# --- several servers --------------------------------------------------------------------------


async def play_attempts(*backends: ScriptedBackend) -> Played:
    attempts = Attempts(*backends)
    tools = dataclasses.replace(make_tools(), backend=attempts, may_retry=attempts.may_retry)
    return await play(ASK, tools)


async def test_what_comes_before_an_answer_is_told() -> None:
    backend = ScriptedBackend(
        base.Waiting(2), base.Waiting(1), base.Loading(40), base.Answering("other", "d2")
    )
    backend.script += saying("Hello.").script
    played = await play(ASK, make_tools(backend))
    told = [e for e in played.events if isinstance(e, Queued | Loading | Answering)]
    assert told == [Queued(2), Queued(1), Loading(40), Answering("other", "d2")]
    assert played.text(Text) == "Hello."


async def test_a_server_that_fails_before_anything_was_shown_is_replaced() -> None:
    played = await play_attempts(ScriptedBackend(Overloaded("503")), saying("You have 28 days."))
    assert played.of(Retried) == [Retried(Overloaded.sentence)]
    assert played.text(Text) == "You have 28 days."
    assert played.events[-1] == Ended("done", "")


async def test_text_that_was_held_back_when_its_server_failed_is_never_shown() -> None:
    broken = ScriptedBackend(TextDelta("You ha"), Unreachable("broke off"))
    played = await play_attempts(broken, saying("Twenty-eight days."))
    assert played.of(Retried) == [Retried(Unreachable.sentence)]
    assert played.text(Text) == "Twenty-eight days."
    assert broken.open == 0


async def test_after_text_was_shown_nobody_else_is_asked() -> None:
    other, pause = saying("Twenty-eight days."), Pause()
    long = "This is a sentence which is long enough to be judged and shown. " * 40
    broken = ScriptedBackend(TextDelta(long), pause, Unreachable("broke off"))
    attempts, played = Attempts(broken, other), Played()
    tools = dataclasses.replace(make_tools(), backend=attempts, may_retry=attempts.may_retry)
    async with contextlib.aclosing(run_turn(ASK, tools)) as events:
        async for event in events:
            played.add(event)
            if isinstance(event, Text):
                pause.go.set()
    assert played.of(Retried) == []
    assert played.text(Text) == long
    assert played.events[-1] == Ended("failed", Unreachable.sentence)
    assert other.requests == []


async def test_where_every_server_failed_the_last_ones_words_stand() -> None:
    played = await play_attempts(
        ScriptedBackend(Overloaded("503")), ScriptedBackend(Unreachable("refused"))
    )
    assert len(played.of(Retried)) == 1
    assert played.events[-1] == Ended("failed", Unreachable.sentence)


async def test_a_server_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_CHARS", 1_000)
    for delta in (TextDelta("word " * 20), ReasoningDelta("word " * 20)):
        backend = ScriptedBackend(*[delta] * 50)
        played = await play(TurnRequest("Hello?"), make_tools(backend))
        ended = played.events[-1]
        assert isinstance(ended, Ended)
        assert ended.status == "failed"
        assert len(played.text(Text) + played.text(Reasoning)) <= 1_000
        assert backend.open == 0
