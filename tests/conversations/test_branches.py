"""Editing, regenerating, and switching between the branches: nothing is lost."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group

from chatapp.accounts.models import User
from chatapp.conversations.compaction import MOST_TURNS
from chatapp.conversations.models import Turn
from chatapp.library.models import Collection
from tests.conversations.conftest import Connect, Frame, Socket, Use, signed_in
from tests.conversations.scripted import (
    ScriptedBackend,
    ScriptedSearch,
    make_tools,
    saying,
)

pytestmark = pytest.mark.usefixtures("quick_model")


@pytest.fixture
def backend(use: Use) -> ScriptedBackend:
    said = saying("An answer.")
    use(make_tools(said))
    return said


async def ask(socket: Socket, text: str, after: Frame | None = None, **more: Any) -> Frame:
    """Ask, and wait for the answer."""
    accepted = await socket.ask(text, after["conversation"] if after else None, **more)
    assert accepted["type"] == "accepted", accepted
    await socket.until_end()
    return accepted


async def regenerate(socket: Socket, turn: str, client_id: str = "") -> Frame:
    await socket.send(type="regenerate", client_id=client_id or str(uuid4()), turn=turn)
    return await socket.next()


async def page(user: User, address: str, post: bool = False) -> list[dict[str, Any]]:
    """The turns that this address gives."""

    def fetch() -> list[dict[str, Any]]:
        client = signed_in(user)
        response = client.post(address) if post else client.get(address)
        turns: list[dict[str, Any]] = response.json()["turns"]
        return turns

    given: list[dict[str, Any]] = await database_sync_to_async(fetch)()
    return given


def heard(backend: ScriptedBackend) -> list[str]:
    """The questions that the model was shown last, without the words around the last one."""
    asked = [m.content for m in backend.requests[-1].messages if m.role == "user"]
    return [text.rpartition("\n\n")[2] for text in asked]


async def test_an_edited_question_is_a_sibling_and_its_history_is_that_of_its_branch(
    connect: Connect, backend: ScriptedBackend, employee: User
) -> None:
    socket = await connect(employee)
    one = await ask(socket, "One?")
    two = await ask(socket, "Two?", one)
    await ask(socket, "Three?", two)
    edited = await ask(socket, "Two, I mean?", one, parent=one["turn"])

    assert heard(backend) == ["One?", "Two, I mean?"]
    assert edited["parent"] == one["turn"]
    shown = await page(employee, f"/c/{one['conversation']}/turns/")
    assert [turn["question"] for turn in shown] == ["One?", "Two, I mean?"]
    assert shown[1]["siblings"] == [two["turn"], edited["turn"]]
    assert shown[0]["siblings"] == [one["turn"]]
    assert [turn["parent"] for turn in shown] == [None, one["turn"]]
    assert await Turn.objects.acount() == 4


async def test_the_first_question_can_be_edited_too(
    connect: Connect, backend: ScriptedBackend, employee: User
) -> None:
    socket = await connect(employee)
    one = await ask(socket, "One?")
    await ask(socket, "Two?", one)
    edited = await ask(socket, "One, I mean?", one, parent=None)
    assert heard(backend) == ["One, I mean?"]
    (shown,) = await page(employee, f"/c/{one['conversation']}/turns/")
    assert shown["siblings"] == [one["turn"], edited["turn"]]


async def test_another_branch_is_chosen_stays_chosen_and_goes_on(
    connect: Connect, backend: ScriptedBackend, employee: User
) -> None:
    socket = await connect(employee)
    one = await ask(socket, "One?")
    two = await ask(socket, "Two?", one)
    three = await ask(socket, "Three?", two)
    edited = await ask(socket, "Two, I mean?", one, parent=one["turn"])
    address = f"/c/{one['conversation']}/turns/"

    chosen = await page(employee, f"/turns/{two['turn']}/branch/", post=True)
    assert [turn["question"] for turn in chosen] == ["One?", "Two?", "Three?"]
    assert await page(employee, address) == chosen
    four = await ask(socket, "Four?", one)  # a client that names no parent
    assert four["parent"] == three["turn"]
    assert heard(backend) == ["One?", "Two?", "Three?", "Four?"]
    assert [turn["question"] for turn in await page(employee, address)][-1] == "Four?"

    back = await page(employee, f"/turns/{edited['turn']}/branch/", post=True)
    assert [turn["question"] for turn in back] == ["One?", "Two, I mean?"]
    newest = await ask(socket, "Anew?", one, parent=four["turn"])
    assert (await page(employee, address))[-1]["id"] == newest["turn"]


async def test_regenerating_asks_the_same_question_beside_it(
    connect: Connect, backend: ScriptedBackend, employee: User
) -> None:
    socket = await connect(employee)
    one = await ask(socket, "One?")
    two = await ask(socket, "Two?", one)
    await ask(socket, "Three?", two)
    again = await regenerate(socket, two["turn"])
    await socket.until_end()

    assert heard(backend) == ["One?", "Two?"]
    assert (again["type"], again["parent"]) == ("accepted", one["turn"])
    shown = await page(employee, f"/c/{one['conversation']}/turns/")
    assert [turn["id"] for turn in shown] == [one["turn"], again["turn"]]
    assert shown[1]["siblings"] == [two["turn"], again["turn"]]
    old = await Turn.objects.aget(id=two["turn"])
    assert (old.question, old.answer) == ("Two?", "An answer.")


async def test_regenerating_twice_with_one_client_id_makes_one_turn(
    connect: Connect, backend: ScriptedBackend, employee: User
) -> None:
    socket, client = await connect(employee), str(uuid4())
    one = await ask(socket, "One?")
    first = await regenerate(socket, one["turn"], client)
    told = await socket.until_end()
    assert await regenerate(socket, one["turn"], client) == {**first, "status": "done"}
    assert await socket.until_end() == told
    assert await Turn.objects.acount() == 2


async def test_regenerating_searches_only_what_may_still_be_read(
    connect: Connect, use: Use, employee: User
) -> None:
    kept = await Collection.objects.acreate(name="Handbook")
    lost = await Collection.objects.acreate(name="Board papers")
    staff = await Group.objects.aget(name="staff")
    for collection in (kept, lost):
        await collection.readers.aadd(staff)
    search = ScriptedSearch()
    use(make_tools(search=search))
    socket = await connect(employee)
    one = await ask(socket, "One?")
    await lost.readers.aclear()
    await regenerate(socket, one["turn"])
    await socket.until_end()
    assert [set(asked[1]) for asked in search.asked] == [
        {str(kept.id), str(lost.id)},
        {str(kept.id)},
    ]


async def test_a_question_follows_no_turn_of_another_conversation(
    connect: Connect, backend: ScriptedBackend, employee: User
) -> None:
    socket = await connect(employee)
    one, other = await ask(socket, "One?"), await ask(socket, "Another?")
    for parent in (other["turn"], str(uuid4())):
        refused = await socket.ask("Two?", one["conversation"], parent=parent)
        assert (refused["type"], refused["code"]) == ("error", "not_found")
    refused = await socket.ask("Two?", parent=one["turn"])
    assert (refused["type"], refused["code"]) == ("error", "not_found")
    assert await Turn.objects.acount() == 2


async def test_a_long_conversation_is_told_as_a_summary_and_its_latest_exchanges(
    connect: Connect, backend: ScriptedBackend, employee: User
) -> None:
    socket = await connect(employee)
    one = await ask(socket, "Question 0")

    def lengthen() -> UUID:
        parent = UUID(one["turn"])
        for number in range(1, 60):
            made = Turn.objects.create(
                conversation_id=one["conversation"],
                parent_id=parent,
                client_id=uuid4(),
                question=f"Question {number}",
                answer="Yes.",
                status="done",
            )
            parent = made.id
        return parent

    last = await database_sync_to_async(lengthen)()
    asked = await ask(socket, "And now?", one)
    assert asked["parent"] == str(last)
    summary, *latest = heard(backend)
    assert summary == "An answer."
    assert latest == [f"Question {n}" for n in range(60 - MOST_TURNS // 2, 60)] + ["And now?"]


async def test_a_turn_that_failed_or_was_blocked_is_on_the_branch_and_not_in_the_history(
    connect: Connect, backend: ScriptedBackend, employee: User
) -> None:
    socket = await connect(employee)
    one = await ask(socket, "One?")
    await Turn.objects.filter(id=one["turn"]).aupdate(status="blocked")
    two = await ask(socket, "Two?", one)
    assert two["parent"] == one["turn"]
    assert heard(backend) == ["Two?"]
