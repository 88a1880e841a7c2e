"""Two windows on one conversation: what one does appears in the other."""

import asyncio
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async

from chatapp.accounts.models import User
from chatapp.backends.base import TextDelta
from chatapp.conversations.live import announce
from chatapp.conversations.models import Conversation, Turn
from tests.conversations.conftest import Connect, Frame, Socket, Use, signed_in
from tests.conversations.scripted import DONE, Pause, ScriptedBackend, make_tools


@pytest.fixture
def pause(use: Use) -> Pause:
    held = Pause()
    use(make_tools(ScriptedBackend(TextDelta("A word. "), held, DONE)))
    return held


async def following(socket: Socket, conversation: str) -> Frame:
    await socket.send(type="follow", conversation=conversation)
    return await socket.next()


async def asked(socket: Socket, text: str, conversation: str | None = None) -> Frame:
    """Ask, and wait for the answer; other frames may come between."""
    await socket.send(
        type="send", client_id=str(uuid4()), text=text, conversation=conversation, collections=None
    )
    accepted = await socket.until(type="accepted")
    while (frame := await socket.until(type="event"))["event"]["type"] != "ended":
        assert frame["turn"] == accepted["turn"]
    return accepted


async def test_a_question_asked_in_one_window_appears_in_the_other(
    connect: Connect, pause: Pause, employee: User
) -> None:
    pause.go.set()
    here, there = await connect(employee), await connect(employee)
    one = await asked(here, "One?")
    told = await following(there, one["conversation"])
    assert told == {
        "type": "following",
        "conversation": one["conversation"],
        "title": "One?",
        "turns": [{"turn": one["turn"], "parent": None, "status": "done"}],
    }
    pause.go.clear()
    await here.send(
        type="send",
        client_id=(client := str(uuid4())),
        text="Two?",
        conversation=one["conversation"],
        collections=None,
    )
    two = await here.next()
    news = await there.next()
    assert news == {
        "type": "turn",
        "conversation": one["conversation"],
        "turn": two["turn"],
        "parent": one["turn"],
        "client_id": client,
        "status": "running",
        "question": "Two?",
        "images": [],
    }
    await there.attach(two["turn"])
    pause.go.set()
    over = await there.until(type="turn")
    assert (over["turn"], over["status"]) == (two["turn"], "done")
    assert "question" not in over


async def test_a_question_that_waits_and_begins_and_is_taken_back_is_told_everywhere(
    connect: Connect, pause: Pause, employee: User
) -> None:
    here, there = await connect(employee), await connect(employee)
    one = await here.ask("One?")
    await following(there, one["conversation"])
    other = await connect(employee)
    for text in ("Two?", "Three?"):
        await other.ask(text, one["conversation"])
    told = [await there.next(), await there.next()]
    assert [(each["question"], each["status"]) for each in told] == [
        ("Two?", "queued"),
        ("Three?", "queued"),
    ]
    await other.send(type="stop", turn=told[1]["turn"])
    back = await there.next()
    assert (back["turn"], back["status"]) == (told[1]["turn"], "stopped")
    pause.go.set()
    await there.until(turn=one["turn"], status="done")
    await there.until(turn=told[0]["turn"], status="done")


async def test_a_new_title_and_the_end_are_told(
    connect: Connect, pause: Pause, employee: User
) -> None:
    pause.go.set()
    here, there = await connect(employee), await connect(employee)
    one = await asked(here, "One?")
    await following(there, one["conversation"])
    client = await database_sync_to_async(signed_in)(employee)
    post = database_sync_to_async(client.post)
    await post(f"/c/{one['conversation']}/rename/", {"title": "Leave"})
    assert await there.next() == {
        "type": "renamed",
        "conversation": one["conversation"],
        "title": "Leave",
    }
    await post(f"/c/{one['conversation']}/delete/")
    gone = await there.next()
    assert (gone["type"], gone["code"]) == ("error", "not_found")
    assert gone["conversation"] == one["conversation"]


async def test_a_socket_follows_one_conversation_and_may_follow_none(
    connect: Connect, pause: Pause, employee: User
) -> None:
    pause.go.set()
    here, there = await connect(employee), await connect(employee)
    first, second = await asked(here, "First?"), await asked(here, "Second?")
    await following(there, first["conversation"])
    await following(there, second["conversation"])
    await asked(here, "More of the first?", first["conversation"])
    await asked(here, "More of the second?", second["conversation"])
    assert (await there.until(type="turn"))["question"] == "More of the second?"
    await there.send(type="follow", conversation=None)
    await asked(here, "And more?", second["conversation"])
    await there.send(type="stop", turn=(unknown := str(uuid4())))
    told = [await there.next()]
    while told[-1]["type"] != "error":
        told.append(await there.next())
    assert told[-1]["turn"] == unknown
    assert "And more?" not in str(told)


async def test_a_window_that_comes_back_is_told_what_there_is_now(
    connect: Connect, pause: Pause, employee: User
) -> None:
    pause.go.set()
    here, there = await connect(employee), await connect(employee)
    one = await asked(here, "One?")
    await following(there, one["conversation"])
    await there.close()
    two = await asked(here, "Two?", one["conversation"])
    told = await following(await connect(employee), one["conversation"])
    assert [(each["turn"], each["parent"]) for each in told["turns"]] == [
        (one["turn"], None),
        (two["turn"], one["turn"]),
    ]


async def test_windows_of_one_process_hear_of_each_other_without_redis(
    no_redis: None, connect: Connect, pause: Pause, employee: User
) -> None:
    pause.go.set()
    here, there = await connect(employee), await connect(employee)
    one = await asked(here, "One?")
    await following(there, one["conversation"])
    two = await asked(here, "Two?", one["conversation"])
    assert (await there.next())["turn"] == two["turn"]


@pytest.mark.parametrize("name", ["team_mate", "stranger", "admin", "compliance"])
async def test_nobody_but_the_owner_follows_a_conversation(
    connect: Connect, pause: Pause, people: dict[str, User], employee: User, name: str
) -> None:
    pause.go.set()
    one = await asked(await connect(employee), "My secret question")
    intruder = await connect(people[name])
    refused = await following(intruder, one["conversation"])
    assert (refused["type"], refused["code"]) == ("error", "not_found")
    unknown = await following(intruder, str(uuid4()))
    assert unknown["message"] == refused["message"]


@pytest.fixture
def people(team_mate: User, stranger: User, admin: User, compliance: User) -> dict[str, User]:
    return {
        "team_mate": team_mate,
        "stranger": stranger,
        "admin": admin,
        "compliance": compliance,
    }


async def test_news_stop_when_the_person_is_suspended(
    connect: Connect, pause: Pause, employee: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatapp.conversations.consumer.LOOK_AT_SESSION_SECONDS", 0)
    here, there = await connect(employee), await connect(employee)
    one = await here.ask("One?")
    await following(there, one["conversation"])
    await User.objects.filter(pk=employee.pk).aupdate(is_active=False)
    pause.go.set()
    assert await there.closed() == 4401


async def test_turns_of_another_process_appear_too(
    connect: Connect, pause: Pause, employee: User
) -> None:
    """Somebody wrote a row and published that there is news: that is all that a process does."""
    pause.go.set()
    here = await connect(employee)
    one = await asked(here, "One?")
    await following(here, one["conversation"])
    conversation = await Conversation.objects.aget()
    made = await Turn.objects.acreate(
        conversation=conversation, client_id=uuid4(), question="Two?", status="done"
    )
    await asyncio.to_thread(announce, conversation.id)
    assert (await here.next())["turn"] == str(made.id)
