"""The chat's pages: what they are given, and who may ask for them."""

import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.conversations import services
from chatapp.conversations.events import (
    Cited,
    Ended,
    Event,
    Judged,
    Passages,
    Reasoning,
    SourceRef,
    Started,
    Text,
    Usage,
    Withheld,
    from_wire,
)
from chatapp.conversations.listing import label
from chatapp.conversations.models import Conversation, Source, Turn
from chatapp.conversations.record import Fold, finish
from chatapp.library.models import Chunk, Collection, Document
from tests.conversations.scripted import ScriptedModel


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that answers at once, so that no page looks for a server."""
    monkeypatch.setattr(wiring, "model_for_page", ScriptedModel)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def conversation(employee: User) -> Conversation:
    return Conversation.objects.create(owner=employee, title="How much leave?")


@pytest.fixture
def chunk(employee: User) -> Chunk:
    collection = Collection.objects.create(name="Handbook")
    collection.readers.add(Group.objects.get(name="staff"))
    document = Document.objects.create(
        collection=collection, name="Leave.pdf", size=1, sha256="a", state="ready"
    )
    return Chunk.objects.create(
        document=document, ordinal=4, text="You have 28 days.", page=3, heading="Leave > Annual"
    )


@pytest.fixture
def turn(conversation: Conversation, chunk: Chunk) -> Turn:
    """An ended turn with one source."""
    made = Turn.objects.create(
        conversation=conversation,
        client_id=uuid4(),
        question="How much?",
        collections=[str(chunk.document.collection_id)],
    )
    fold = Fold()
    for event in whole(chunk)[:-1]:
        fold.add(event)
    finish(made.id, fold.outcome(Ended("done", "")))
    return Turn.objects.get(id=made.id)


def whole(chunk: Chunk) -> list[Event]:
    name = str(chunk.document.collection_id)
    ref = SourceRef(1, "Leave.pdf", "Leave > Annual", 3, name, chunk.vector_id, 0.5)
    return [
        Started("How much?", "m", demo=True, digest="d"),
        Judged("request", "allow", (), 7, ("j",)),
        Passages((ref,)),
        Reasoning("Hm."),
        Text("28 days [1]."),
        Cited(1, 8),
        Usage(5, 6),
        Ended("done", ""),
    ]


def given(response: Any) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = response.context["turns"]
    return turns


# --- the page ---------------------------------------------------------------------------------


def test_the_empty_page_names_collections_and_model(employee: User, chunk: Chunk) -> None:
    Collection.objects.create(name="Board papers")
    response = signed_in(employee).get("/")
    assert response.status_code == 200
    assert response.context["conversation"] is None
    assert [each["name"] for each in response.context["collections"]] == ["Handbook"]
    assert response.context["model"].demo
    assert response.context["question_max"] == 16_000


def test_a_conversations_page_brings_its_turns_as_the_events_that_they_were(
    employee: User, conversation: Conversation, turn: Turn, chunk: Chunk
) -> None:
    (told,) = given(signed_in(employee).get(f"/c/{conversation.id}/"))
    assert (told["id"], told["question"], told["status"]) == (str(turn.id), "How much?", "done")
    assert [from_wire(event) for event in told["events"]] == whole(chunk)


def test_a_running_turn_brings_no_events_and_is_to_be_followed(
    employee: User, conversation: Conversation
) -> None:
    Turn.objects.create(conversation=conversation, client_id=uuid4(), question="Running?")
    (told,) = given(signed_in(employee).get(f"/c/{conversation.id}/"))
    assert (told["status"], told["events"]) == ("running", [])


def test_a_source_that_may_not_be_read_any_more_keeps_its_title_only(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    Collection.objects.get().readers.clear()
    (told,) = given(signed_in(employee).get(f"/c/{conversation.id}/"))
    passages = next(e for e in told["events"] if e["type"] == "passages")
    assert list(passages["sources"]) == [
        {
            "number": 1,
            "title": "Leave.pdf",
            "heading": "",
            "page": 3,
            "collection": "",
            "vector_id": "",
            "score": 0.5,
        }
    ]


def test_a_blocked_turn_shows_what_was_withheld_and_why(
    employee: User, conversation: Conversation
) -> None:
    turn = Turn.objects.create(conversation=conversation, client_id=uuid4(), question="Bad?")
    events: list[Event] = [Judged("request", "block", (), 7, ("j",)), Withheld("request", "No.")]
    fold = Fold()
    for event in events:
        fold.add(event)
    finish(turn.id, fold.outcome(Ended("blocked", "No.")))
    (told,) = given(signed_in(employee).get(f"/c/{conversation.id}/"))
    assert [from_wire(event) for event in told["events"]][1:3] == events
    assert told["events"][-1] == {"type": "ended", "status": "blocked", "reason": "No."}


def test_words_of_a_question_cannot_leave_the_pages_json(
    employee: User, conversation: Conversation
) -> None:
    hostile = "</script><script>alert(1)</script><!--"
    Turn.objects.create(
        conversation=conversation, client_id=uuid4(), question=hostile, status="done"
    )
    page = signed_in(employee).get(f"/c/{conversation.id}/").content.decode()
    assert "<script>alert" not in page


def test_the_number_of_queries_does_not_grow_with_the_conversation(
    employee: User, conversation: Conversation, turn: Turn, django_assert_max_num_queries: Any
) -> None:
    chunk_id = Chunk.objects.get().id
    for number in range(30):
        more = Turn.objects.create(
            conversation=conversation, client_id=uuid4(), question=f"{number}?", status="done"
        )
        Source.objects.create(turn=more, number=1, chunk_id=chunk_id, title="t", score=1)
    client = signed_in(employee)
    with django_assert_max_num_queries(11):
        assert len(given(client.get(f"/c/{conversation.id}/"))) == 31


def test_conversations_are_listed_by_day_the_latest_first(employee: User) -> None:
    now = timezone.now()
    month = timezone.localtime(now - datetime.timedelta(days=40))
    for days, title in ((40, "old"), (0, "new"), (1, "yesterday"), (3, "this week")):
        made = Conversation.objects.create(owner=employee, title=title)
        then = now - datetime.timedelta(days=days)
        Conversation.objects.filter(id=made.id).update(updated=then)
    groups = signed_in(employee).get("/conversations/").context["groups"]
    assert [(name, [c.title for c in each]) for name, each in groups] == [
        ("Today", ["new"]),
        ("Yesterday", ["yesterday"]),
        ("Last 7 days", ["this week"]),
        (f"{month:%B %Y}", ["old"]),
    ]


@pytest.mark.parametrize(
    ("days", "name"),
    [(-1, "Today"), (0, "Today"), (1, "Yesterday"), (2, "Last 7 days"), (6, "Last 7 days")],
)
def test_days_have_names(days: int, name: str) -> None:
    today = datetime.date(2026, 3, 10)
    assert label(today - datetime.timedelta(days=days), today) == name
    assert label(datetime.date(2026, 3, 3), today) == "March 2026"


# --- changing ---------------------------------------------------------------------------------


def test_the_owner_renames(employee: User, conversation: Conversation) -> None:
    client, address = signed_in(employee), f"/c/{conversation.id}/rename/"
    assert client.post(address, {"title": " Leave \n in <b>2027</b>\0 "}).status_code == 200
    conversation.refresh_from_db()
    assert conversation.title == "Leave in <b>2027</b>"
    refused = client.post(address, {"title": " \n "})
    assert (refused.status_code, refused.content.decode()) == (
        400,
        "A title needs at least one word.",
    )
    assert client.post(address, {"title": "x" * 500}).status_code == 200
    conversation.refresh_from_db()
    assert conversation.title == "x" * 120


def test_the_owner_deletes(employee: User, conversation: Conversation, turn: Turn) -> None:
    client = signed_in(employee)
    response = client.post(f"/c/{conversation.id}/delete/", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/")
    assert not Turn.objects.exists()
    other = Conversation.objects.create(owner=employee, title="t")
    assert client.post(f"/c/{other.id}/delete/").headers["Location"] == "/"
    assert not Conversation.objects.exists()


def test_deleting_while_redis_is_away_deletes_all_the_same(
    employee: User, conversation: Conversation, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    Turn.objects.create(conversation=conversation, client_id=uuid4(), question="Running?")
    assert signed_in(employee).post(f"/c/{conversation.id}/delete/").status_code == 302
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("How much leave?", "How much leave?"),
        ("  How\nmuch\t\u202eleave? ", "How much leave?"),
        ("word " * 40, "word " * 10 + "word…"),
        ("x" * 100, "x" * 59 + "…"),
        ("\u200b\u202e", "Conversation"),
    ],
)
def test_a_title_is_the_first_words_of_the_question(text: str, title: str) -> None:
    assert services.title_of(text) == title
    assert len(title) <= 60


# --- sources ----------------------------------------------------------------------------------


def test_a_source_opens_with_its_words_and_place(employee: User, turn: Turn) -> None:
    response = signed_in(employee).get(f"/sources/{turn.id}/1/")
    assert response.status_code == 200
    assert response.context["passage"] == {
        "text": "You have 28 days.",
        "heading": "Leave > Annual",
        "document": "Leave.pdf",
        "collection": "Handbook",
    }
    page = response.content.decode()
    assert "You have 28 days." in page
    assert "<html" not in page


@pytest.mark.parametrize("how", ["group", "document", "quarantine"])
def test_a_source_that_is_gone_or_closed_shows_no_word(
    employee: User, turn: Turn, how: str
) -> None:
    if how == "group":
        employee.groups.clear()
    elif how == "document":
        Document.objects.all().delete()
    else:
        Chunk.objects.update(quarantined=True)
    response = signed_in(employee).get(f"/sources/{turn.id}/1/")
    assert response.status_code == 410
    assert "28 days" not in response.content.decode()


def test_words_of_a_document_are_escaped(employee: User, turn: Turn) -> None:
    Chunk.objects.update(text="<img src=x onerror=alert(1)>")
    page = signed_in(employee).get(f"/sources/{turn.id}/1/").content.decode()
    assert "<img" not in page


# --- who may ----------------------------------------------------------------------------------

PAGES = [
    ("get", "/c/{conversation}/"),
    ("post", "/c/{conversation}/rename/"),
    ("post", "/c/{conversation}/delete/"),
    ("get", "/sources/{turn}/1/"),
]


@pytest.mark.parametrize(("method", "address"), PAGES)
@pytest.mark.parametrize("name", ["team_mate", "stranger", "admin", "compliance"])
def test_nobody_but_the_owner_gets_anything(
    request: pytest.FixtureRequest, turn: Turn, name: str, method: str, address: str
) -> None:
    client = signed_in(request.getfixturevalue(name))
    where = address.format(conversation=turn.conversation_id, turn=turn.id)
    response = getattr(client, method)(where, {"title": "Mine now"})
    assert response.status_code == 404
    assert "28 days" not in response.content.decode()
    assert Conversation.objects.get().title == "How much leave?"


@pytest.mark.parametrize(("method", "address"), [*PAGES, ("get", "/"), ("get", "/conversations/")])
def test_without_a_session_every_page_asks_to_sign_in(
    turn: Turn, method: str, address: str
) -> None:
    where = address.format(conversation=turn.conversation_id, turn=turn.id)
    response = getattr(Client(), method)(where)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in/")
    assert Conversation.objects.exists()


def test_others_conversations_are_not_listed(team_mate: User, turn: Turn) -> None:
    assert signed_in(team_mate).get("/conversations/").context["groups"] == []


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "/c/{conversation}/rename/"),
        ("get", "/c/{conversation}/delete/"),
        ("post", "/sources/{turn}/1/"),
    ],
)
def test_the_wrong_method_changes_nothing(
    employee: User, turn: Turn, method: str, address: str
) -> None:
    where = address.format(conversation=turn.conversation_id, turn=turn.id)
    assert getattr(signed_in(employee), method)(where).status_code == 405
    assert Conversation.objects.exists()


def test_changes_need_a_csrf_token(employee: User, conversation: Conversation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(employee, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/c/{conversation.id}/delete/").status_code == 403
    assert Conversation.objects.exists()
