"""Turns whose process died: their text is kept, and whoever follows is told the end."""

import asyncio
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async

from chatapp.accounts.models import User
from chatapp.conversations import following
from chatapp.conversations.events import Ended, Event, Judged, Passages, SourceRef, Started, Text
from chatapp.conversations.live import Live
from chatapp.conversations.models import Conversation, Turn
from chatapp.conversations.settle import LOST, settle
from chatapp.conversations.tasks import mark_interrupted_turns
from tests.conversations.conftest import Connect, collect

SOURCE = SourceRef(1, "Leave.pdf", "", 3, str(uuid4()), f"{uuid4()}:4", 0.5)
SO_FAR: list[Event] = [
    Started("How much?", "m", demo=True, digest="d"),
    Judged("request", "allow", (), 3, ("j",)),
    Passages((SOURCE,)),
    Text("You have "),
    Text("28"),
]


def make_turn(user: User, status: str = "running") -> Turn:
    conversation = Conversation.objects.create(owner=user, title="t")
    return Turn.objects.create(
        conversation=conversation, client_id=uuid4(), question="How much?", status=status
    )


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatapp.conversations.log.GRACE_SECONDS", 0)


@pytest.fixture
async def lost(rows: None, employee: User, other: Live) -> UUID:
    """A running turn with some events and no process."""
    turn = await database_sync_to_async(make_turn)(employee)
    await other.log.append(turn.id, SO_FAR, 0)
    name: UUID = turn.id
    return name


async def test_the_text_so_far_is_kept_and_followers_are_told(
    other: Live, lost: UUID, no_grace: None
) -> None:
    follower = asyncio.create_task(collect(other, lost, 0))
    assert await settle(other.log, lost)
    turn = await Turn.objects.aget(id=lost)

    assert (turn.status, turn.answer, turn.reason) == ("interrupted", "You have 28", LOST)
    assert (turn.policy_version, turn.guard, turn.model_name) == (3, "j", "m")
    assert await turn.sources.acount() == 1
    assert [event for _, event in await follower] == [*SO_FAR, Ended("interrupted", LOST)]


async def test_settling_at_once_from_many_places_ends_it_once(
    other: Live, lost: UUID, no_grace: None
) -> None:
    await asyncio.gather(*(settle(other.log, lost) for _ in range(6)))
    assert not await settle(other.log, lost)
    ends = [event for _, event in await other.log.read_all(lost) if isinstance(event, Ended)]
    assert ends == [Ended("interrupted", LOST)]


async def test_a_turn_whose_lease_is_held_is_left_alone(
    other: Live, lost: UUID, no_grace: None
) -> None:
    await other.log.claim([lost])
    assert not await settle(other.log, lost)
    assert (await Turn.objects.aget(id=lost)).status == "running"


async def test_a_lease_missed_for_a_moment_only_ends_nothing(other: Live, lost: UUID) -> None:
    assert not await settle(other.log, lost)
    assert (await Turn.objects.aget(id=lost)).status == "running"


async def test_who_attaches_to_a_lost_turn_gets_its_end_without_the_scheduler(
    connect: Connect,
    lost: UUID,
    employee: User,
    no_grace: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "LOOK_AGAIN_SECONDS", 0.1)
    socket = await connect(employee)
    await socket.attach(str(lost), after=4)
    frames = await socket.until_end()
    assert [frame["seq"] for frame in frames] == [5, 6]
    assert frames[-1]["event"]["status"] == "interrupted"


async def test_a_process_that_died_between_row_and_log_left_the_true_end(
    other: Live, lost: UUID, no_grace: None
) -> None:
    await Turn.objects.filter(id=lost).aupdate(status="done", answer="You have 28 days.")
    assert await settle(other.log, lost)
    assert (await other.log.read_all(lost))[-1][1] == Ended("done", "")
    assert (await Turn.objects.aget(id=lost)).answer == "You have 28 days."


async def test_a_turn_that_left_no_event_is_ended_too(
    other: Live, lost: UUID, employee: User, no_grace: None
) -> None:
    turn = await database_sync_to_async(make_turn)(employee)
    assert await settle(other.log, turn.id)
    kinds = [type(event) for _, event in await other.log.read_all(turn.id)]
    assert kinds == [Started, Ended]


async def test_followers_of_a_deleted_conversation_are_told_too(
    other: Live, lost: UUID, no_grace: None
) -> None:
    await Conversation.objects.all().adelete()
    assert await settle(other.log, lost)
    assert isinstance((await other.log.read_all(lost))[-1][1], Ended)


async def test_the_scheduled_task_ends_lost_turns_only(
    other: Live, lost: UUID, employee: User, no_grace: None
) -> None:
    held = await database_sync_to_async(make_turn)(employee)
    done = await database_sync_to_async(make_turn)(employee, "done")
    await other.log.claim([held.id])
    await asyncio.to_thread(mark_interrupted_turns)
    statuses = {turn.id: turn.status async for turn in Turn.objects.all()}
    assert statuses == {lost: "interrupted", held.id: "running", done.id: "done"}
