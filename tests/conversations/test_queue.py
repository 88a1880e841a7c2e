"""Questions that wait for the one before: kept, answered in their turn, taken back."""

import asyncio
from contextlib import aclosing
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group

from chatapp.accounts.models import User
from chatapp.backends.base import TextDelta
from chatapp.catalog.models import LanguageModel
from chatapp.conversations import live as live_module
from chatapp.conversations import queueing, running
from chatapp.conversations.asking import QUEUED_TURNS
from chatapp.conversations.following import Following
from chatapp.conversations.live import Live, live
from chatapp.conversations.log import NEXT_CHANNEL
from chatapp.conversations.models import Conversation, Turn
from chatapp.library.models import Collection
from tests.conversations.conftest import Connect, Frame, Socket, Use, kinds, texts
from tests.conversations.scripted import (
    DONE,
    Pause,
    ScriptedBackend,
    ScriptedSearch,
    Step,
    make_tools,
    saying,
)

SENTENCE = "A sentence that is long enough to be shown before the end comes. "


@pytest.fixture
def pause(use: Use) -> Pause:
    """The first answer waits here; those behind it do not once it was let go."""
    held = Pause()
    use(make_tools(ScriptedBackend(TextDelta(SENTENCE * 4), held, TextDelta("End."), DONE)))
    return held


async def begun(socket: Socket, pause: Pause) -> Frame:
    """A question that is being answered."""
    accepted = await socket.ask("One?")
    await pause.reached.wait()
    return accepted


async def waiting(connect: Connect, user: User, pause: Pause) -> tuple[Frame, Frame]:
    """A question that is being answered, and one that waits behind it."""
    one = await begun(await connect(user), pause)
    two = await (await connect(user)).ask("Two?", one["conversation"])
    assert two["status"] == "queued"
    return one, two


async def ends(turn: Frame) -> Turn:
    """The row once it has ended."""
    async with asyncio.timeout(20):
        while (row := await turn_of(turn)).status in ("queued", "running"):  # noqa: ASYNC110  a thread's
            await asyncio.sleep(0.02)
    return row


async def turn_of(frame: Frame) -> Turn:
    return await Turn.objects.aget(id=frame["turn"])


async def test_a_question_that_comes_meanwhile_waits_and_is_answered_next(
    connect: Connect, pause: Pause, employee: User
) -> None:
    socket, other = await connect(employee), await connect(employee)
    one = await begun(socket, pause)
    two = await other.ask("Two?", one["conversation"])
    three = await other.ask("Three?", one["conversation"])

    assert [each["status"] for each in (one, two, three)] == ["running", "queued", "queued"]
    assert [each["parent"] for each in (one, two, three)] == [None, one["turn"], two["turn"]]
    assert (await turn_of(two)).status == "queued"
    pause.go.set()
    await socket.until_end()
    frames = await other.until_end() + await other.until_end()
    assert [frame["turn"] for frame in frames] == sorted(
        (frame["turn"] for frame in frames), key=[two["turn"], three["turn"]].index
    )
    assert [(await turn_of(each)).status for each in (one, two, three)] == ["done"] * 3


async def test_what_waits_is_told_what_was_answered_before_it(
    connect: Connect, use: Use, employee: User
) -> None:
    pause, backend = Pause(), saying("28 days.")
    script: list[Step] = [pause, *backend.script]
    backend.script = tuple(script)
    use(make_tools(backend))
    _, two = await waiting(connect, employee, pause)
    pause.go.set()
    await ends(two)
    said = [message.content for message in backend.requests[1].messages[1:3]]
    assert said == ["One?", "28 days."]


async def test_the_same_question_again_still_waits_once(
    connect: Connect, pause: Pause, employee: User
) -> None:
    socket, client = await connect(employee), str(uuid4())
    one = await begun(socket, pause)
    other = await connect(employee)
    two = await other.ask("Two?", one["conversation"], client_id=client)
    assert await other.ask("Two?", one["conversation"], client_id=client) == two
    assert await Turn.objects.acount() == 2


async def test_a_question_that_waits_can_be_taken_back(
    connect: Connect, pause: Pause, employee: User
) -> None:
    socket, other = await connect(employee), await connect(employee)
    one = await begun(socket, pause)
    two = await other.ask("Two?", one["conversation"])
    await other.send(type="stop", turn=two["turn"])
    ended = (await other.until_end())[-1]["event"]
    assert (ended["status"], ended["reason"]) == ("stopped", queueing.CANCELLED)
    assert (await turn_of(two)).status == "stopped"
    assert (await turn_of(one)).status == "running"

    three = await other.ask("Three?", one["conversation"])
    pause.go.set()
    assert texts(await other.until_end()).endswith("End.")
    assert [(await turn_of(each)).status for each in (one, two, three)] == [
        "done",
        "stopped",
        "done",
    ]


async def test_stopping_an_answer_lets_the_next_question_have_its_turn(
    connect: Connect, use: Use, employee: User
) -> None:
    pause = Pause()
    backend = ScriptedBackend(TextDelta(SENTENCE), pause, DONE)
    use(make_tools(backend))
    one, two = await waiting(connect, employee, pause)
    backend.script = (TextDelta("Yes."), DONE)
    await (await connect(employee)).send(type="stop", turn=one["turn"])
    assert (await ends(two)).answer == "Yes."
    assert (await ends(one)).status == "stopped"


async def test_only_so_many_questions_wait(connect: Connect, pause: Pause, employee: User) -> None:
    socket, other = await connect(employee), await connect(employee)
    one = await begun(socket, pause)
    for number in range(QUEUED_TURNS):
        accepted = await other.ask(f"Question {number}", one["conversation"])
        assert accepted["status"] == "queued"
    refused = await other.ask("One more?", one["conversation"])
    assert (refused["type"], refused["code"]) == ("error", "busy")


async def test_other_conversations_do_not_wait(
    connect: Connect, pause: Pause, employee: User
) -> None:
    socket = await connect(employee)
    await begun(socket, pause)
    assert (await (await connect(employee)).ask("Elsewhere?"))["status"] == "running"


# --- what changed while it waited -------------------------------------------------------------


async def test_only_what_may_still_be_read_is_searched(
    connect: Connect, use: Use, employee: User
) -> None:
    handbook = await Collection.objects.acreate(name="Handbook")
    await handbook.readers.aadd(await Group.objects.aget(name="staff"))
    pause, search = Pause(), ScriptedSearch()
    use(make_tools(ScriptedBackend(pause, TextDelta("Yes."), DONE), search=search))
    _, two = await waiting(connect, employee, pause)
    await handbook.readers.aclear()
    pause.go.set()
    row = await ends(two)
    assert (row.status, row.collections) == ("done", [])
    assert len(search.asked) == 1


async def test_a_model_that_may_not_be_used_any_more_answers_nothing(
    connect: Connect, pause: Pause, employee: User
) -> None:
    one, two = await waiting(connect, employee, pause)
    await LanguageModel.objects.aupdate(enabled=False)
    pause.go.set()
    row = await ends(two)
    assert (row.status, row.answer) == ("failed", "")
    assert "model is no longer there" in row.reason
    assert (await ends(one)).status == "done"


async def test_a_person_suspended_meanwhile_is_not_answered(
    connect: Connect, pause: Pause, employee: User
) -> None:
    _, two = await waiting(connect, employee, pause)
    await User.objects.filter(pk=employee.pk).aupdate(is_active=False)
    pause.go.set()
    row = await ends(two)
    assert (row.status, row.reason) == ("failed", queueing.SUSPENDED)


async def test_deleting_the_conversation_takes_what_waits_with_it(
    connect: Connect, pause: Pause, employee: User
) -> None:
    await waiting(connect, employee, pause)
    await Conversation.objects.all().adelete()
    pause.go.set()
    await live().turns.close()
    assert await Turn.objects.acount() == 0


# --- processes that die -----------------------------------------------------------------------


def make_waiting(user: User) -> Turn:
    """A question that waits behind one that has ended, as a process that died leaves it."""
    conversation = Conversation.objects.create(owner=user, title="t")
    ended = Turn.objects.create(
        conversation=conversation, client_id=uuid4(), question="One?", status="interrupted"
    )
    return Turn.objects.create(
        conversation=conversation,
        parent=ended,
        client_id=uuid4(),
        question="Two?",
        status="queued",
        model=LanguageModel.objects.get(),
    )


@pytest.fixture
async def left(rows: None, use: Use, employee: User) -> UUID:
    turn = await database_sync_to_async(make_waiting)(employee)
    name: UUID = turn.id
    return name


async def test_a_question_whose_process_died_is_started_by_another(
    connect: Connect, left: UUID, employee: User
) -> None:
    socket = await connect(employee)
    await socket.attach(str(left))
    await listening(live(), 1)
    await live_module.settle_lost_turns()
    frames = await socket.until_end()
    assert kinds(frames)[-1] == "ended"
    assert (await Turn.objects.aget(id=left)).status == "done"


async def listening(of: Live, processes: int) -> None:
    """Wait until so many hear what is asked of every process."""
    async with asyncio.timeout(20):
        while (await of.redis.pubsub_numsub(NEXT_CHANNEL))[0][1] < processes:  # noqa: ASYNC110  Redis tells nobody of it
            await asyncio.sleep(0.01)


async def test_many_that_hear_of_it_start_it_once(
    other: Live, redis_url: str, left: UUID, employee: User
) -> None:
    turn = await Turn.objects.aget(id=left)
    third = Live(redis_url)
    await asyncio.gather(*(each.go_on(turn.conversation_id) for each in (other, third) * 3))
    started = [each for each in (other, third) if each.turns.journal(left)]
    assert len(started) <= 1
    await ends({"turn": str(left)})
    async with aclosing(other.following.turn(left, 0, over=True)) as events:
        assert [type(event).__name__ async for _, event in events].count("Started") == 1
    await third.close()


async def test_who_follows_what_waits_does_not_end_it(
    other: Live, left: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatapp.conversations.log.GRACE_SECONDS", 0)
    monkeypatch.setattr("chatapp.conversations.following.LOOK_AGAIN_SECONDS", 0.05)
    looks = 0
    forsaken = other.log.forsaken

    async def counted(turn: UUID) -> bool:
        nonlocal looks
        looks += 1
        return await forsaken(turn)

    monkeypatch.setattr(other.log, "forsaken", counted)
    following = asyncio.create_task(first_event(other.following, left))
    async with asyncio.timeout(20):
        while looks < 3:  # noqa: ASYNC110  the follower's own looks
            await asyncio.sleep(0.02)
    assert (await Turn.objects.aget(id=left)).status == "queued"
    await other.go_on((await Turn.objects.aget(id=left)).conversation_id)
    assert await following == 1
    await ends({"turn": str(left)})


async def first_event(following: Following, turn: UUID) -> int:
    async for seq, _ in following.turn(turn, 0, over=False):
        return seq
    return 0


async def test_a_process_that_closes_leaves_what_waits_to_another(
    connect: Connect, pause: Pause, other: Live, employee: User
) -> None:
    one, two = await waiting(connect, employee, pause)
    await listening(other, 2)
    await live_module.close()
    pause.go.set()
    assert (await ends(one)).status == "interrupted"
    assert (await ends(two)).status == "done"


async def test_what_waits_goes_on_while_redis_is_away(
    no_redis: None, connect: Connect, pause: Pause, employee: User
) -> None:
    _, two = await waiting(connect, employee, pause)
    socket = await connect(employee)
    await socket.attach(two["turn"])
    pause.go.set()
    assert texts(await socket.until_end()).endswith("End.")
    assert (await ends(two)).status == "done"


async def test_of_one_person_only_so_many_are_answered_at_once(
    connect: Connect, employee: User, pause: Pause, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "MOST_OF_A_PERSON", 1)
    one = await begun(await connect(employee), pause)
    other = await connect(employee)
    refused = await ends(await other.ask("Two, elsewhere?"))
    assert (refused.status, refused.reason) == ("failed", running.TOO_MANY)
    assert refused.question == "Two, elsewhere?"
    pause.go.set()
    assert (await ends(one)).status == "done"
