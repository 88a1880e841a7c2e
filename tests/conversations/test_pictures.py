"""Images that go with a question: drawn anew, one's own, and shown to models that see."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings

from chatapp.accounts.models import User
from chatapp.backends.errors import CannotSee
from chatapp.conversations import pictures
from chatapp.conversations.models import Conversation, Picture, Turn
from chatapp.conversations.parts import Model
from chatapp.conversations.turn import Tools
from rag.extract.image import Drawn
from tests.conversations.conftest import Connect, Use, signed_in
from tests.conversations.scripted import ScriptedModel, make_tools, saying


def photo() -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    return SimpleUploadedFile("photo.jpg", out.getvalue())


@pytest.fixture
def picture(conversation: Conversation) -> Picture:
    return Picture.objects.create(conversation=conversation, media_type="image/png", data=b"pixels")


def seeing(tools: Tools, *, sees: bool) -> Tools:
    async def model() -> Model:
        return ScriptedModel(sees=sees)

    return Tools(**{**{n: getattr(tools, n) for n in tools.__slots__}, "model": model})


def post(user: User, conversation: Conversation, **fields: Any) -> tuple[int, Any]:
    response = signed_in(user).post(f"/c/{conversation.id}/images/upload/", fields)
    is_json = response.headers.get("Content-Type") == "application/json"
    return response.status_code, response.json() if is_json else None


def test_an_image_is_taken_and_given_to_its_owner(
    employee: User, conversation: Conversation
) -> None:
    status, answer = post(employee, conversation, file=photo())
    assert status == 200
    response = signed_in(employee).get(f"/images/{answer['file']['id']}/")
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    assert Image.open(BytesIO(response.content)).size == (8, 8)


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"words"])
def test_what_is_no_image_is_refused_in_words(
    employee: User, conversation: Conversation, data: bytes
) -> None:
    status, answer = post(employee, conversation, file=SimpleUploadedFile("x.png", data))
    assert (status, Picture.objects.count()) == (400, 0)
    assert answer["error"].endswith(".")


def test_a_conversation_takes_only_so_many(
    employee: User, conversation: Conversation, picture: Picture, settings: Settings
) -> None:
    settings.CHAT_IMAGES_MAX = 1
    assert post(employee, conversation, file=photo())[1] == {
        "error": "A conversation takes up to 1 images."
    }


def test_those_that_come_while_one_is_drawn_count_too(
    employee: User,
    conversation: Conversation,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.CHAT_IMAGES_MAX = 1

    def draw_and_be_overtaken(_: object) -> Drawn:
        Picture.objects.create(conversation=conversation, media_type="image/png", data=b"other")
        return Drawn(b"pixels", "image/png", 1, 1)

    monkeypatch.setattr(pictures, "draw_anew", draw_and_be_overtaken)
    assert post(employee, conversation, file=photo())[0] == 400
    assert Picture.objects.count() == 1


def test_one_is_taken_away_unless_a_question_was_asked_with_it(
    employee: User, conversation: Conversation, picture: Picture
) -> None:
    address, turn = f"/images/{picture.id}/remove/", {"client_id": uuid4(), "question": "What?"}
    asked = Turn.objects.create(conversation=conversation, pictures=[str(picture.id)], **turn)
    assert signed_in(employee).post(address).status_code == 204
    assert Picture.objects.exists()
    asked.delete()
    assert signed_in(employee).post(address).status_code == 204
    assert not Picture.objects.exists()


@pytest.mark.parametrize("name", ["team_mate", "stranger", "admin", "compliance"])
def test_nobody_else_sees_or_adds_any(
    request: pytest.FixtureRequest, conversation: Conversation, picture: Picture, name: str
) -> None:
    someone = request.getfixturevalue(name)
    assert signed_in(someone).get(f"/images/{picture.id}/").status_code == 404
    assert signed_in(someone).post(f"/images/{picture.id}/remove/").status_code == 404
    assert post(someone, conversation, file=photo())[0] == 404


def test_it_goes_with_its_conversation(conversation: Conversation, picture: Picture) -> None:
    conversation.delete()
    assert not Picture.objects.exists()


async def test_a_model_that_sees_is_shown_it_also_when_it_answers_anew(
    connect: Connect, use: Use, employee: User, conversation: Conversation, picture: Picture
) -> None:
    backend = saying("A pump.")
    use(seeing(make_tools(backend), sees=True))
    socket = await connect(employee)
    where = str(conversation.id)
    accepted = await socket.ask("What is it?", where, images=[str(picture.id)])
    await socket.until_end()
    await socket.send(type="regenerate", client_id=str(uuid4()), turn=accepted["turn"])
    await socket.next()
    await socket.until_end()
    shown = [request.messages[-1].images for request in backend.requests]
    assert [[(i.data, i.media_type) for i in each] for each in shown] == [
        [(b"pixels", "image/png")]
    ] * 2

    def brought() -> Any:
        page = signed_in(employee).get(f"/c/{where}/turns/").json()
        return [turn["images"] for turn in page["turns"]]

    assert await database_sync_to_async(brought)() == [[str(picture.id)]]


@pytest.mark.parametrize("sees", [True, False])
async def test_a_later_question_is_answered_with_earlier_images_in_view(
    connect: Connect, use: Use, employee: User, picture: Picture, sees: bool
) -> None:
    use(seeing(make_tools(saying("A pump.")), sees=True))
    socket, where = await connect(employee), str(picture.conversation_id)
    await socket.ask("What is it?", where, images=[str(picture.id)])
    await socket.until_end()
    later = saying("Red.")
    use(seeing(make_tools(later), sees=sees))
    await socket.ask("Which colour has it?", where)
    await socket.until_end()
    *before, question = later.requests[0].messages
    shown = {message.content: [image.data for image in message.images] for message in before}
    assert shown["What is it?"] == ([b"pixels"] if sees else [])
    assert question.images == ()


async def test_a_model_that_does_not_see_says_so(
    connect: Connect, use: Use, employee: User, conversation: Conversation, picture: Picture
) -> None:
    use(seeing(make_tools(), sees=False))
    socket = await connect(employee)
    await socket.ask("What is it?", str(conversation.id), images=[str(picture.id)])
    ended = (await socket.until_end())[-1]["event"]
    assert (ended["status"], ended["reason"]) == ("failed", CannotSee.sentence)


async def test_another_conversations_image_is_not_found(
    connect: Connect, employee: User, picture: Picture
) -> None:
    socket = await connect(employee)
    other = await Conversation.objects.acreate(owner=employee, title="Other")
    answer = await socket.ask("What is it?", str(other.id), images=[str(picture.id)])
    assert (answer["type"], answer["code"]) == ("error", "not_found")
    assert not await Turn.objects.aexists()


def test_an_image_that_is_gone_is_left_out(picture: Picture) -> None:
    turn = Turn(pictures=[str(uuid4()), str(picture.id)])
    assert [len(shown) for shown in pictures.images([turn, Turn()])] == [1, 0]


def test_what_is_drawn_is_what_is_kept(
    employee: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Drawn(b"drawn", "image/png", 1, 1)
    monkeypatch.setattr(pictures, "draw_anew", lambda _: drawn)
    kept = pictures.attach(employee, conversation.id, photo())
    assert (bytes(kept.data), kept.media_type) == (b"drawn", "image/png")
