"""Whose is it? Every frame by its owner, a team mate and a stranger; and a session that ends."""

from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session

from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.catalog.dispatch import Caller
from chatapp.catalog.models import Endpoint, LanguageModel, Serving
from chatapp.conversations.models import Turn
from chatapp.conversations.turn import Tools
from chatapp.library.models import Collection
from tests.conversations.conftest import Connect, Socket, Use, kinds
from tests.conversations.scripted import (
    DONE,
    Pause,
    ScriptedBackend,
    ScriptedSearch,
    make_tools,
    passage,
)


@pytest.fixture(params=["team_mate", "stranger", "admin", "compliance"])
def other(request: pytest.FixtureRequest) -> User:
    """Everybody but the owner, one after the other."""
    person: User = request.getfixturevalue(request.param)
    return person


@pytest.fixture
def pause(use: Use) -> Pause:
    """Turns run until this is let go."""
    held = Pause()
    use(make_tools(ScriptedBackend(held, DONE)))
    return held


async def test_only_the_owner_follows_a_turn(
    connect: Connect, pause: Pause, employee: User, other: User
) -> None:
    accepted = await (await connect(employee)).ask("My secret question")
    intruder = await connect(other)
    await intruder.attach(accepted["turn"])
    refused = await intruder.next()
    assert (refused["type"], refused["code"]) == ("error", "not_found")
    assert refused["turn"] == accepted["turn"]
    await intruder.attach(str(uuid4()))
    assert (await intruder.next())["message"] == refused["message"]


async def test_only_the_owner_stops_a_turn(
    connect: Connect, pause: Pause, employee: User, other: User
) -> None:
    socket = await connect(employee)
    accepted = await socket.ask("My secret question")
    await pause.reached.wait()
    intruder = await connect(other)
    await intruder.send(type="stop", turn=accepted["turn"])
    assert (await intruder.next())["code"] == "not_found"
    assert (await Turn.objects.aget(id=accepted["turn"])).status == "running"


async def test_only_the_owner_goes_on_with_a_conversation(
    connect: Connect, employee: User, other: User
) -> None:
    socket = await connect(employee)
    accepted = await socket.ask("My secret question")
    await socket.until_end()
    refused = await (await connect(other)).ask("And?", accepted["conversation"])
    assert (refused["type"], refused["code"]) == ("error", "not_found")
    assert await Turn.objects.acount() == 1


@pytest.mark.parametrize("kind", ["regenerate", "continue"])
async def test_only_the_owner_has_an_answer_made_anew_or_go_on(
    connect: Connect, employee: User, other: User, kind: str
) -> None:
    socket = await connect(employee)
    accepted = await socket.ask("My secret question")
    await socket.until_end()
    intruder, messages = await connect(other), set()
    for turn in (accepted["turn"], str(uuid4())):
        await intruder.send(type=kind, client_id=str(uuid4()), turn=turn)
        refused = await intruder.next()
        assert (refused["type"], refused["code"]) == ("error", "not_found")
        messages.add(refused["message"])
    assert len(messages) == 1
    assert await Turn.objects.acount() == 1


async def test_another_persons_client_id_begins_a_conversation_of_ones_own(
    connect: Connect, employee: User, other: User
) -> None:
    client = str(uuid4())
    mine, theirs = await connect(employee), await connect(other)
    first = await mine.ask("My secret question", client_id=client)
    second = await theirs.ask("Mine", client_id=client)
    assert second["type"] == "accepted"
    assert first["conversation"] != second["conversation"]
    await mine.until_end()
    await theirs.until_end()


async def make_collection(name: str, group: str | None) -> Collection:
    collection = await Collection.objects.acreate(name=name)
    if group:
        await collection.readers.aadd(await Group.objects.aget(name=group))
    return collection


async def test_only_readable_collections_are_searched_whatever_ids_are_sent(
    connect: Connect, use: Use, employee: User, stranger: User
) -> None:
    handbook = await make_collection("Handbook", "staff")
    board = await make_collection("Board papers", None)
    search = ScriptedSearch([passage("28 days")])
    use(make_tools(search=search))
    mine, theirs = await connect(employee), await connect(stranger)

    refused = await mine.ask("Hi", collections=[str(handbook.id), str(board.id)])
    assert (refused["type"], refused["code"]) == ("error", "not_found")
    refused = await theirs.ask("Hi", collections=[str(handbook.id)])
    assert (refused["type"], refused["code"]) == ("error", "not_found")
    await theirs.ask("Hi")
    assert "searching" not in kinds(await theirs.until_end())
    assert search.asked == []

    await mine.ask("Hi")
    assert "passages" in kinds(await mine.until_end())
    await mine.ask("Hi", collections=[str(handbook.id)])
    await mine.until_end()
    await mine.ask("Hi", collections=[])
    assert "passages" not in kinds(await mine.until_end())
    assert [asked[1] for asked in search.asked] == [(str(handbook.id),)] * 2


async def test_only_a_usable_model_answers_whatever_id_is_sent(
    connect: Connect, use: Use, employee: User
) -> None:
    asked: list[UUID] = []
    tools = make_tools()

    def asked_for(model: UUID, caller: Caller) -> Tools:
        asked.append(model)
        assert (caller.person, caller.conversation is None) == (employee.pk, False)
        return tools

    with patch.object(wiring, "tools", asked_for):
        first, open_to_staff, closed, away = await database_sync_to_async(make_models)()
        socket = await connect(employee)
        for refused in (closed, away, uuid4()):
            assert (await socket.ask("Hello?", model=str(refused)))["code"] == "not_found"
        for model in (str(open_to_staff), None):
            await socket.ask("Hello?", model=model)
            await socket.until_end()
    assert asked == [open_to_staff, first]


def make_models() -> list[UUID]:
    """Ids of the first that everyone may use, one open to staff, and two that are not."""
    made = [LanguageModel.objects.get(from_settings=True)]
    endpoint = Endpoint.objects.get(from_settings=True)
    for name in ("for staff", "for the board", "away"):
        made.append(LanguageModel.objects.create(name=name, enabled=name != "away", position=1))
        Serving.objects.create(model=made[-1], endpoint=endpoint, name=name)
    for model in (made[1], made[3]):
        model.groups.add(Group.objects.get(name="staff"))
    return [model.id for model in made]


async def test_without_any_model_nothing_is_asked(connect: Connect, employee: User) -> None:
    await database_sync_to_async(LanguageModel.objects.update)(enabled=False)
    refused = await (await connect(employee)).ask("Hello?")
    assert refused["code"] == "not_found"
    assert "No model is open to you" in refused["message"]
    assert not await database_sync_to_async(Turn.objects.exists)()


# --- the session ------------------------------------------------------------------------------


@pytest.mark.parametrize("session", ["", "0" * 32])
async def test_without_a_session_the_socket_closes(
    rows: None, redis_url: str, session: str
) -> None:
    socket = await Socket(session).open()
    assert await socket.closed() == 4401
    await socket.close()


async def test_a_suspended_persons_open_socket_stops_working(
    connect: Connect, employee: User
) -> None:
    socket = await connect(employee)
    await User.objects.filter(pk=employee.pk).aupdate(is_active=False)
    await socket.send(type="stop", turn=str(uuid4()))
    assert await socket.closed() == 4401


async def test_signing_out_closes_the_socket_at_its_next_frame(
    connect: Connect, employee: User
) -> None:
    socket = await connect(employee)
    await Session.objects.filter(session_key=socket.session).adelete()
    await socket.send(
        type="send", client_id=str(uuid4()), text="Hi", conversation=None, collections=None
    )
    assert await socket.closed() == 4401
    assert await Turn.objects.acount() == 0


async def test_a_new_password_ends_the_sockets_of_old_sessions(
    connect: Connect, employee: User
) -> None:
    socket = await connect(employee)
    employee.set_password("another long phrase")
    await database_sync_to_async(employee.save)()
    await socket.send(type="stop", turn=str(uuid4()))
    assert await socket.closed() == 4401


async def test_events_stop_when_the_person_is_suspended(
    connect: Connect, pause: Pause, employee: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatapp.conversations.consumer.LOOK_AT_SESSION_SECONDS", 0)
    socket = await connect(employee)
    await socket.ask("Hi")
    await pause.reached.wait()
    await User.objects.filter(pk=employee.pk).aupdate(is_active=False)
    pause.go.set()
    assert await socket.closed() == 4401
