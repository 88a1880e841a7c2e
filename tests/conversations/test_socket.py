"""The socket from a client's side: asking, following, stopping."""

import asyncio
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async

from chatapp.accounts.models import User
from chatapp.backends.base import TextDelta
from chatapp.conversations.live import Live
from chatapp.conversations.models import Conversation, Turn
from tests.conversations.conftest import Connect, Use, kinds, numbers, signed_in, texts
from tests.conversations.scripted import DONE, Pause, ScriptedBackend, make_tools, saying

SENTENCE = "Everybody has twenty-eight days of leave, and part-timers have fewer of them. "


def endless(pause: Pause) -> ScriptedBackend:
    return ScriptedBackend(*[TextDelta(SENTENCE)] * 8, pause, TextDelta("The end."), DONE)


async def test_a_question_is_accepted_answered_and_kept(
    connect: Connect, use: Use, employee: User
) -> None:
    use(make_tools(saying("You have ", "28 days.")))
    socket = await connect(employee)
    accepted = await socket.ask("How much leave do I have?")
    frames = await socket.until_end()

    assert accepted["type"] == "accepted"
    assert accepted["title"] == "How much leave do I have?"
    assert {frame["turn"] for frame in frames} == {accepted["turn"]}
    assert numbers(frames) == list(range(1, len(frames) + 1))
    assert (kinds(frames)[0], kinds(frames)[-1]) == ("started", "ended")
    assert texts(frames) == "You have 28 days."
    turn = await Turn.objects.aget(id=accepted["turn"])
    assert (turn.status, turn.answer) == ("done", "You have 28 days.")
    assert str(turn.conversation_id) == accepted["conversation"]


async def test_a_conversation_goes_on_with_what_was_said(
    connect: Connect, use: Use, employee: User
) -> None:
    backend = saying("You have 28 days.")
    use(make_tools(backend))
    socket = await connect(employee)
    first = await socket.ask("How much leave?")
    await socket.until_end()
    second = await socket.ask("And part-timers?", first["conversation"])
    await socket.until_end()

    assert second["conversation"] == first["conversation"]
    assert second["title"] == "How much leave?"
    said = [message.content for message in backend.requests[1].messages[1:3]]
    assert said == ["How much leave?", "You have 28 days."]
    turn = await Turn.objects.aget(id=second["turn"])
    assert str(turn.parent_id) == first["turn"]


async def test_the_same_send_again_makes_no_second_turn(
    connect: Connect, use: Use, employee: User
) -> None:
    backend = saying("Hello.")
    use(make_tools(backend))
    socket = await connect(employee)
    client = str(uuid4())
    first = await socket.ask("Hi", client_id=client)
    told = await socket.until_end()
    again = await socket.ask("Hi", client_id=client)

    assert again == {**first, "status": "done"}
    assert await socket.until_end() == told
    assert len(backend.requests) == 1
    assert await Turn.objects.acount() == 1


async def test_a_double_click_on_two_sockets_begins_one_conversation(
    connect: Connect, employee: User
) -> None:
    sockets = [await connect(employee) for _ in range(4)]
    client = str(uuid4())
    accepted = await asyncio.gather(*(each.ask("Hi", client_id=client) for each in sockets))

    assert {frame["type"] for frame in accepted} == {"accepted"}
    assert len({frame["turn"] for frame in accepted}) == 1
    for socket in sockets:
        assert kinds(await socket.until_end())[-1] == "ended"
    assert (await Conversation.objects.acount(), await Turn.objects.acount()) == (1, 1)


async def test_stopping_is_prompt_frees_the_model_and_keeps_the_text(
    connect: Connect, use: Use, employee: User
) -> None:
    pause = Pause()
    backend = endless(pause)
    use(make_tools(backend))
    socket = await connect(employee)
    accepted = await socket.ask("Tell me everything")
    await pause.reached.wait()
    await socket.send(type="stop", turn=accepted["turn"])
    async with asyncio.timeout(1):
        frames = await socket.until_end()

    assert frames[-1]["event"] == {"type": "ended", "status": "stopped", "reason": ""}
    assert backend.open == 0
    turn = await Turn.objects.aget(id=accepted["turn"])
    assert turn.status == "stopped"
    assert turn.answer == texts(frames)
    assert turn.answer.startswith("Everybody has")
    pause.go.set()
    await socket.send(type="stop", turn=accepted["turn"])  # again: nothing happens
    assert (await socket.ask("Next?", accepted["conversation"]))["type"] == "accepted"
    await socket.until_end()


async def test_a_turn_outlives_its_socket(connect: Connect, use: Use, employee: User) -> None:
    pause = Pause()
    use(make_tools(endless(pause)))
    socket = await connect(employee)
    accepted = await socket.ask("Tell me everything")
    await pause.reached.wait()
    seen = [await socket.next(), await socket.next(), await socket.next()]
    await socket.close()
    pause.go.set()

    other = await connect(employee)
    await other.attach(accepted["turn"], after=seen[-1]["seq"])
    frames = await other.until_end()
    assert numbers(seen + frames) == list(range(1, len(seen + frames) + 1))
    assert texts(seen + frames) == SENTENCE * 8 + "The end."


@pytest.mark.parametrize("after", [0, 1, 3])
async def test_attaching_to_an_ended_turn_gives_the_rest(
    connect: Connect, employee: User, after: int
) -> None:
    socket = await connect(employee)
    accepted = await socket.ask("Hi")
    told = await socket.until_end()
    await socket.attach(accepted["turn"], after)
    assert await socket.until_end() == told[after:]


async def test_two_sockets_follow_one_turn(connect: Connect, use: Use, employee: User) -> None:
    pause = Pause()
    use(make_tools(endless(pause)))
    one, two = await connect(employee), await connect(employee)
    accepted = await one.ask("Tell me everything")
    await two.attach(accepted["turn"])
    pause.go.set()
    assert await one.until_end() == await two.until_end()


async def test_closing_the_socket_stops_nothing(connect: Connect, use: Use, employee: User) -> None:
    pause = Pause()
    backend = endless(pause)
    use(make_tools(backend))
    socket = await connect(employee)
    accepted = await socket.ask("Tell me everything")
    await pause.reached.wait()
    await socket.close()
    assert backend.open == 1

    pause.go.set()
    other = await connect(employee)
    await other.attach(accepted["turn"])
    assert (await other.until_end())[-1]["event"]["status"] == "done"


async def test_one_socket_follows_a_bounded_number_of_turns(
    connect: Connect, use: Use, employee: User
) -> None:
    pause = Pause()
    use(make_tools(endless(pause)))
    socket, turns = await connect(employee), []
    for number in range(21):
        reply = await socket.ask(f"Question {number}")
        while reply["type"] == "event":
            reply = await socket.next()
        turns.append(reply)
        await asyncio.sleep(0.06)  # 20 frames a second are allowed
    assert [reply["type"] for reply in turns] == ["accepted"] * 20 + ["error"]
    assert turns[-1]["code"] == "busy"


async def test_a_broken_part_ends_the_turn_with_a_sentence(
    connect: Connect, use: Use, employee: User, caplog: pytest.LogCaptureFixture
) -> None:
    use(make_tools(ScriptedBackend(TextDelta("Hi"), ValueError("secret detail"))))
    socket = await connect(employee)
    await socket.ask("Hi")
    frames = await socket.until_end()
    assert frames[-1]["event"]["status"] == "failed"
    assert "Something went wrong" in frames[-1]["event"]["reason"]
    assert "secret detail" not in str(frames)
    assert "secret detail" in caplog.text


async def test_deleting_a_conversation_stops_its_answer(
    connect: Connect, use: Use, employee: User
) -> None:
    pause = Pause()
    backend = endless(pause)
    use(make_tools(backend))
    socket = await connect(employee)
    accepted = await socket.ask("Tell me everything")
    await pause.reached.wait()
    client = await database_sync_to_async(signed_in)(employee)
    post = database_sync_to_async(client.post)  # which closes the thread's connection
    response = await post(f"/c/{accepted['conversation']}/delete/")
    assert response.status_code == 200
    assert (await socket.until_end())[-1]["event"]["status"] == "stopped"
    assert backend.open == 0
    await socket.attach(accepted["turn"])
    assert (await socket.next())["code"] == "not_found"


async def test_how_much_to_reason_goes_from_the_frame_to_the_model_and_into_the_row(
    connect: Connect, use: Use, employee: User
) -> None:
    backend = saying("Yes.")
    use(make_tools(backend))
    socket = await connect(employee)
    accepted = await socket.ask("How?", effort="high")
    await socket.until_end()
    again = {"client_id": str(uuid4()), "turn": accepted["turn"], "effort": "low"}
    await socket.send(type="regenerate", **again)
    await socket.until(type="accepted")
    await socket.until_end()
    assert [request.effort for request in backend.requests] == ["high", "low"]
    rows = Turn.objects.order_by("started").values_list("effort", flat=True)
    assert await database_sync_to_async(list)(rows) == ["high", "low"]


async def test_that_a_turn_cannot_be_stopped_just_now_is_said_of_it(
    connect: Connect, use: Use, employee: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ConnectionError

    pause = Pause()
    use(make_tools(endless(pause)))
    socket = await connect(employee)
    accepted = await socket.ask("Tell me everything")
    await pause.reached.wait()
    with monkeypatch.context() as patch:
        patch.setattr(Live, "stop", away)
        await socket.send(type="stop", turn=accepted["turn"])
        while (answer := await socket.next())["type"] == "event":
            pass
    assert (answer["code"], answer["turn"]) == ("unavailable", accepted["turn"])
    await socket.send(type="stop", turn=accepted["turn"])
    await socket.until_end()
