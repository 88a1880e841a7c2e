"""Search in all of a person's conversations, on either database."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from chatapp.accounts.models import User
from chatapp.conversations import deletion, queueing, search, services
from chatapp.conversations.asking import ask
from chatapp.conversations.events import Ended, Text
from chatapp.conversations.frames import Send
from chatapp.conversations.index import index_title
from chatapp.conversations.models import Conversation, Indexed, Status, Turn
from chatapp.conversations.record import Fold, finish
from chatapp.conversations.search import Found
from tests.conversations.conftest import signed_in


def said(conversation: Conversation, question: str, answer: str = "") -> Turn:
    turn = Turn.objects.create(conversation=conversation, client_id=uuid4(), question=question)
    fold = Fold()
    fold.add(Text(answer))
    finish(turn.id, fold.outcome(Ended("done")))
    return turn


def titled(owner: User, title: str) -> Conversation:
    made = Conversation.objects.create(owner=owner, title=title)
    index_title(made)
    return made


def found(user: User, query: str) -> list[str]:
    """Titles of conversations, and snippets of turns, with what was found in brackets."""
    return [shown(each) for each in search.search(user, query)]


def shown(each: Found) -> str:
    pieces = each.snippet if each.turn else each.title
    return "".join(f"[{piece.text}]" if piece.found else piece.text for piece in pieces)


@pytest.fixture
def chat(employee: User) -> Conversation:
    return titled(employee, "Travel")


@pytest.mark.parametrize(
    "query",
    [
        "lisbon",
        "LISB",
        "hôtel lisbon",
        "hotel  LISBON",
        "“Lisbon”",
        "lisbon -- 'hotel'*",
        "150 eur",
    ],
)
def test_it_finds_a_turn_by_words_and_their_beginnings(
    employee: User, chat: Conversation, query: str
) -> None:
    turn = said(chat, "What may a hôtel cost?", "In Lisbon a hotel may cost 150 euro.")
    said(chat, "And a train?", "Second class.")
    (one,) = search.search(employee, query)
    assert (one.turn, one.conversation, one.when) == (turn.id, chat.id, turn.started)


def test_what_was_found_is_marked_in_question_or_answer(employee: User, chat: Conversation) -> None:
    said(chat, "What may a hotel in Lisbon cost?", "150 euro.")
    assert found(employee, "lisb hot") == ["What may a [hotel] in [Lisbon] cost?"]
    assert found(employee, "150") == ["[150] euro."]


def test_every_word_must_be_there(employee: User, chat: Conversation) -> None:
    said(chat, "hotel", "Lisbon")
    assert found(employee, "hotel lisbon")
    assert found(employee, "hotel porto") == []
    assert found(employee, "otel") == []


def test_a_title_is_found_and_found_anew_when_it_is_changed(
    employee: User, chat: Conversation
) -> None:
    assert found(employee, "trav") == ["[Travel]"]
    services.rename(employee, chat.id, "Trips to Córdoba")
    assert found(employee, "trav") == []
    assert found(employee, "cordoba") == ["Trips to [Córdoba]"]


def test_a_new_conversation_is_found_by_its_title_when_its_first_answer_has_ended(
    employee: User,
) -> None:
    asked = ask(employee, Send(uuid4(), None, "Where is the canteen?", ()))
    Conversation.objects.update(title="Lunch")
    finish(asked.turn, Fold().outcome(Ended("done")))
    assert [each.turn for each in search.search(employee, "canteen")] == [asked.turn]
    assert [each.turn for each in search.search(employee, "lunch")] == [None]


def test_the_closest_stand_first(employee: User, chat: Conversation) -> None:
    said(chat, "long", "A word of pumps among very many others. " + "Other things. " * 60)
    said(chat, "Pumps", "Pumps, pumps and pumps.")
    said(chat, "nothing", "of it")
    assert [each.split()[0] for each in found(employee, "pumps")] == ["[Pumps],", "A"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        '"',
        "'",
        "\0",
        "*",
        "AND OR NOT NEAR(a b)",
        "owner_id: 1",
        "words:*",
        "a:* & !b | <->",
        "%_\\",
        ")(",
        "-lisbon",
        "😀",
        "lisbon " * 1500,
        "x" * 10_000,
    ],
)
def test_no_query_does_harm(employee: User, chat: Conversation, query: str) -> None:
    said(chat, "Lisbon?", "Yes.")
    response = signed_in(employee).post("/conversations/search/", {"q": query})
    assert response.status_code == 200
    expected = 1 if "lisbon" in query else 0
    assert len(response.json()["found"]) == expected


def test_text_from_right_to_left_and_without_spaces_is_found(
    employee: User, chat: Conversation
) -> None:
    said(chat, "كم يومًا من الإجازة السنوية؟", "年次休暇は二十八日です。")
    assert found(employee, "السنويه") == []
    assert found(employee, "السنوية")
    assert found(employee, "休暇") == ["年次[休][暇]は二十八[日]です。".replace("[日]", "日")]


@pytest.mark.parametrize("name", ["team_mate", "stranger", "admin", "compliance"])
def test_nobody_finds_what_is_anothers(
    request: pytest.FixtureRequest, employee: User, chat: Conversation, name: str
) -> None:
    said(chat, "Lisbon?", "Secret words.")
    assert found(request.getfixturevalue(name), "lisbon secret") == []
    assert found(request.getfixturevalue(name), "travel") == []


def test_without_a_session_nothing_is_searched(db: None) -> None:
    assert Client().post("/conversations/search/", {"q": "a"}).status_code == 302


def test_words_in_the_address_are_refused(employee: User) -> None:
    assert signed_in(employee).get("/conversations/search/", {"q": "a"}).status_code == 405


def test_a_suspended_person_finds_nothing(employee: User, chat: Conversation) -> None:
    employee.is_active = False
    assert found(employee, "travel") == []


def test_what_was_deleted_is_not_found_until_it_is_put_back(
    employee: User, chat: Conversation
) -> None:
    said(chat, "Lisbon?")
    deletion.delete(employee, chat.id)
    assert found(employee, "lisbon") == found(employee, "travel") == []
    deletion.restore(employee, chat.id)
    assert found(employee, "lisbon") == ["[Lisbon]?"]
    chat.delete()
    assert found(employee, "lisbon") == []
    assert not Indexed.objects.exists()


def test_a_temporary_conversation_is_never_indexed(employee: User) -> None:
    temporary = Conversation.objects.create(owner=employee, title="t", expires=timezone.now())
    index_title(temporary)
    said(temporary, "Lisbon?")
    assert not Indexed.objects.exists()


def test_a_question_that_was_redacted_is_found_by_what_is_left(
    employee: User, chat: Conversation
) -> None:
    turn = Turn.objects.create(conversation=chat, client_id=uuid4(), question="card 4111 please")
    Turn.objects.filter(id=turn.id).update(question="card [removed] please")
    finish(turn.id, Fold().outcome(Ended("done")))
    assert found(employee, "4111") == []
    assert found(employee, "card please")


def test_words_that_were_changed_behind_the_index_are_not_shown(
    employee: User, chat: Conversation
) -> None:
    turn = said(chat, "Lisbon and secrets")
    Turn.objects.filter(id=turn.id).update(question="Lisbon")
    assert found(employee, "secrets") == []
    assert found(employee, "lisbon") == ["[Lisbon]"]


def test_a_question_that_was_taken_back_is_found_and_one_that_runs_is_not(
    employee: User, chat: Conversation
) -> None:
    queued = Turn.objects.create(
        conversation=chat, client_id=uuid4(), question="waiting", status=Status.QUEUED
    )
    Turn.objects.create(conversation=chat, client_id=uuid4(), question="waiting too")
    assert found(employee, "waiting") == []
    queueing.cancel(queued.id)
    assert found(employee, "waiting") == ["[waiting]"]


def test_markup_comes_as_text(employee: User, chat: Conversation) -> None:
    said(chat, "<b>Lisbon</b> <script>alert(1)</script>")
    response = signed_in(employee).post("/conversations/search/", {"q": "lisbon"})
    assert response["Content-Type"] == "application/json"
    (one,) = json.loads(response.content)["found"]
    assert one["snippet"] == [
        {"text": "<b>", "found": False},
        {"text": "Lisbon", "found": True},
        {"text": "</b> <script>alert(1)</script>", "found": False},
    ]


def test_the_number_of_queries_does_not_grow_with_what_is_found(
    employee: User, chat: Conversation, django_assert_max_num_queries: Any
) -> None:
    for number in range(search.SHOWN + 5):
        said(chat, f"Lisbon {number}?")
    with django_assert_max_num_queries(2):
        assert len(search.search(employee, "lisbon")) == search.SHOWN


def test_an_answer_too_long_for_an_index_is_kept_and_found_by_its_beginning(
    employee: User, chat: Conversation
) -> None:
    said(chat, "Long?", "Beginning " + " ".join(f"wörd{n}" for n in range(200_000)))
    assert len(found(employee, "beginning")) == 1
