"""History that outgrows the model's context: what the model is not told is said, and stored."""

from dataclasses import replace
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async

from chatapp.accounts.models import User
from chatapp.conversations import jobs
from chatapp.conversations.events import LeftOut, Passages
from chatapp.conversations.jobs import job_of
from chatapp.conversations.models import Conversation, Turn
from chatapp.conversations.prompt import Exchange
from chatapp.conversations.replay import events_of
from chatapp.conversations.tree import tree_of
from chatapp.conversations.turn import TurnRequest
from tests.conversations.conftest import Connect, Use
from tests.conversations.scripted import ScriptedModel, ScriptedSearch, make_tools, passage, play

LONG = "A sentence of the answer. " * 40


async def small() -> ScriptedModel:
    return ScriptedModel(context_tokens=1400)


async def test_the_turns_that_find_no_room_are_told() -> None:
    history = tuple(Exchange(f"Question {n}", LONG, turn=f"t{n}") for n in range(5))
    request = TurnRequest("And?", history, forgotten=("before",))
    played = await play(request, replace(make_tools(), model=small))
    (told,) = played.of(LeftOut)
    assert isinstance(told, LeftOut)
    assert told.turns[:2] == ("before", "t0")
    assert 2 <= len(told.turns) < 6
    assert told.turns[1:] == tuple(f"t{n}" for n in range(len(told.turns) - 1))


async def test_passages_that_find_no_room_are_told() -> None:
    search = ScriptedSearch(passage(LONG) for _ in range(5))
    request = TurnRequest("And?", collections=("c",))
    played = await play(request, replace(make_tools(search=search), model=small))
    (told,), (given,) = played.of(LeftOut), played.of(Passages)
    assert isinstance(told, LeftOut)
    assert isinstance(given, Passages)
    assert (told.turns, told.passages) == ((), 5 - len(given.sources))
    assert told.passages > 0


async def test_where_there_is_room_nothing_is_said() -> None:
    request = TurnRequest("And?", (Exchange("Hi", "Hello", turn="t"),))
    assert (await play(request, make_tools())).of(LeftOut) == []


async def test_what_was_left_out_is_stored_with_the_turn(
    connect: Connect, use: Use, employee: User
) -> None:
    socket = await connect(employee)
    one = await socket.ask("One?")
    await socket.until_end()
    await Turn.objects.filter(id=one["turn"]).aupdate(answer=LONG * 5)
    use(replace(make_tools(), model=small))
    two = await socket.ask("Two?", one["conversation"])
    frames = await socket.until_end()
    left_out = {"type": "left_out", "turns": [one["turn"]], "passages": 0}
    assert left_out in [frame["event"] for frame in frames]
    row = await Turn.objects.prefetch_related("sources").aget(id=two["turn"])
    assert LeftOut((one["turn"],)) in await database_sync_to_async(events_of)(row, ())


@pytest.mark.django_db
def test_turns_before_those_that_are_read_at_all_are_told_too(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "HISTORY_TURNS", 2)
    turns: list[Turn] = []
    for number in range(4):
        turns.append(
            Turn.objects.create(
                conversation=conversation,
                parent=turns[-1] if turns else None,
                client_id=uuid4(),
                question=f"Question {number}",
                answer="Yes.",
                status="done",
            )
        )
    last = Turn(conversation=conversation, parent=turns[-1], question="And?")
    request = job_of(conversation.owner, last, tree_of(conversation), None).request
    assert request.forgotten == tuple(str(turn.id) for turn in turns[:2])
    assert [exchange.turn for exchange in request.history] == [str(t.id) for t in turns[2:]]
