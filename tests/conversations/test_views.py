"""The chat's pages: what they are given."""

import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from chatapp.accounts.models import User
from chatapp.catalog.models import Endpoint, LanguageModel, Serving
from chatapp.conversations.events import (
    Ended,
    Event,
    Judged,
    Text,
    Withheld,
    from_wire,
)
from chatapp.conversations.listing import label
from chatapp.conversations.models import Conversation, Source, Turn
from chatapp.conversations.presentation import TURNS_AT_ONCE
from chatapp.conversations.record import Fold, finish
from chatapp.conversations.titles import title_of
from chatapp.library.models import Chunk, Collection, Document
from tests.conversations.conftest import signed_in, whole

pytestmark = pytest.mark.usefixtures("quick_model")


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


def test_the_page_offers_only_models_that_this_person_may_use(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    mine, theirs = (LanguageModel.objects.create(name=name) for name in ("Mine", "Theirs"))
    for made in (mine, theirs):
        endpoint = Endpoint.objects.create(name=made.name, url="http://gpu")
        Serving.objects.create(model=made, endpoint=endpoint)
    mine.groups.add(Group.objects.get(name="staff"))
    Turn.objects.update(model=mine)
    client = signed_in(employee)
    page = client.get(f"/c/{conversation.id}/").context
    assert [each["name"] for each in page["models"]][1:] == ["Mine"]
    assert page["chosen"] == str(mine.id)
    assert client.get("/").context["chosen"] == ""
    now = client.get("/conversations/models/").json()["models"]
    assert now == page["models"]
    assert now[1] == {
        "id": str(mine.id),
        "name": "Mine",
        "demo": False,
        "state": "ready",
        "note": "",
        "sees": False,
        "efforts": [],
        "effort": "",
    }


def test_the_empty_page_asks_about_documents_that_this_person_may_read(
    employee: User, conversation: Conversation, chunk: Chunk
) -> None:
    Document.objects.update(passages=1)
    board = Collection.objects.create(name="Board papers")
    Document.objects.create(
        collection=board, name="Layoffs.pdf", size=1, sha256="b", state="ready", passages=1
    )
    client = signed_in(employee)
    assert client.get("/").context["examples"] == ["What are the main points of “Leave”?"]
    assert client.get(f"/c/{conversation.id}/").context["examples"] == []
    Document.objects.update(state="failed")
    assert client.get("/").context["examples"] == []


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


def test_what_was_withheld_stands_behind_the_text_that_was_shown(
    employee: User, conversation: Conversation
) -> None:
    turn = Turn.objects.create(conversation=conversation, client_id=uuid4(), question="How?")
    shown: list[Event] = [
        Text("First the harmless part. "),
        Withheld("response", "The rest is withheld."),
    ]
    fold = Fold()
    for event in shown:
        fold.add(event)
    finish(turn.id, fold.outcome(Ended("blocked", "The rest is withheld.")))
    (told,) = given(signed_in(employee).get(f"/c/{conversation.id}/"))
    assert [from_wire(event) for event in told["events"]][1:3] == shown


def test_words_of_a_question_cannot_leave_the_pages_json(
    employee: User, conversation: Conversation
) -> None:
    hostile = "</script><script>alert(1)</script><!--"
    Turn.objects.create(
        conversation=conversation, client_id=uuid4(), question=hostile, status="done"
    )
    page = signed_in(employee).get(f"/c/{conversation.id}/").content.decode()
    assert "<script>alert" not in page


def long_chain(turn: Turn, number: int) -> list[Turn]:
    """So many turns after ``turn``, each with an answer and a source."""
    made, parent = [], turn
    for n in range(number):
        parent = Turn(
            conversation_id=turn.conversation_id,
            parent=parent,
            client_id=uuid4(),
            question=f"{n}?",
            answer="An answer of some words. " * 40,
            status="done",
        )
        made.append(parent)
    Turn.objects.bulk_create(made)
    chunk = Chunk.objects.get()
    Source.objects.bulk_create(
        Source(turn=each, number=1, chunk=chunk, title="t", score=1) for each in made
    )
    return made


def test_neither_queries_nor_the_page_grow_with_the_conversation(
    employee: User, conversation: Conversation, turn: Turn, django_assert_max_num_queries: Any
) -> None:
    client, address = signed_in(employee), f"/c/{conversation.id}/"
    made = long_chain(turn, 499)
    with django_assert_max_num_queries(15):
        response = client.get(address)
    told = given(response)
    assert [each["question"] for each in told] == [each.question for each in made[-TURNS_AT_ONCE:]]
    assert len(response.content) < 200_000


def test_what_was_said_before_is_fetched_back_to_the_first_turn(
    employee: User, conversation: Conversation, turn: Turn, django_assert_max_num_queries: Any
) -> None:
    client, address = signed_in(employee), f"/c/{conversation.id}/turns/"
    made = long_chain(turn, TURNS_AT_ONCE + 5)
    questions: list[str] = []
    first = {"id": str(made[-1].id), "parent": "another"}
    while first["parent"]:
        with django_assert_max_num_queries(10):
            told = client.get(address, {"before": first["id"]}).json()["turns"]
        assert len(told) <= TURNS_AT_ONCE
        questions = [each["question"] for each in told] + questions
        first = told[0]
    assert questions == ["How much?", *(each.question for each in made[:-1])]
    assert client.get(address, {"before": first["id"]}).json() == {"turns": []}


@pytest.mark.parametrize("before", ["", "x", str(uuid4()), "\0"])
def test_before_no_turn_of_the_conversation_there_is_nothing(
    employee: User, conversation: Conversation, before: str
) -> None:
    address = f"/c/{conversation.id}/turns/"
    assert signed_in(employee).get(address, {"before": before}).status_code == 404


def test_what_led_to_a_turn_is_told_on_whichever_branch_it_is(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    after = long_chain(turn, 1)[0]
    Turn.objects.create(conversation=conversation, client_id=uuid4(), question="anew?")
    told = signed_in(employee).get(f"/c/{conversation.id}/turns/", {"before": str(after.id)})
    assert [each["id"] for each in told.json()["turns"]] == [str(turn.id)]


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


def test_the_owner_pins_and_the_pinned_stand_first(
    employee: User, conversation: Conversation
) -> None:
    Conversation.objects.create(owner=employee, title="newer")
    client, address = signed_in(employee), f"/c/{conversation.id}/pin/"
    listed = client.post(address, {"pinned": "yes"}).context["groups"]
    assert [(name, [c.title for c in each]) for name, each in listed] == [
        ("Pinned", ["How much leave?"]),
        ("Today", ["newer"]),
    ]
    assert [name for name, _ in client.post(address).context["groups"]] == ["Today"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("How much leave?", "How much leave?"),
        ("  How\nmuch\t\u202eleave? ", "How much leave?"),
        ("word " * 40, "word " * 10 + "word…"),
        ("x" * 100, "x" * 59 + "…"),
        ("\u200b\u202e", "Conversation"),
        ("# Leave\n**How much** of `it`, 2 of #3?", "Leave How much of it, 2 of #3?"),
        ("***", "Conversation"),
    ],
)
def test_a_title_is_the_first_words_of_the_question(text: str, title: str) -> None:
    assert title_of(text) == title
    assert len(title) <= 60
