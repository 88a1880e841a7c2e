"""What people say of their answers: one word each, theirs alone, changed and taken back."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError

from chatapp.accounts.models import User
from chatapp.conversations import feedback
from chatapp.conversations.models import Conversation, Feedback, Status, Turn
from chatapp.conversations.presentation import shown_branch
from chatapp.conversations.problems import NotFound
from tests.conversations.conftest import signed_in

DOWN = {"helpful": "no", "reasons": ["wrong", "unsourced"], "words": "  It is 30.  "}


def say(user: User, turn: Turn, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    response = signed_in(user).post(f"/turns/{turn.id}/feedback/", fields)
    return response.status_code, json.loads(response.content)


def test_it_is_kept_and_shown_again_with_its_turn(employee: User, turn: Turn) -> None:
    said = {"helpful": False, "reasons": ["wrong", "unsourced"], "words": "It is 30."}
    assert say(employee, turn, DOWN) == (200, {"feedback": said})
    shown = shown_branch(employee, turn.conversation)
    assert [each["feedback"] for each in shown] == [said]


def test_saying_it_twice_keeps_it_once_and_the_last_word_counts(employee: User, turn: Turn) -> None:
    say(employee, turn, DOWN)
    say(employee, turn, DOWN)
    say(employee, turn, {"helpful": "yes", "reasons": ["clear"]})
    row = Feedback.objects.get()
    assert (row.helpful, row.reasons, row.words) == (True, ["clear"], "")


def test_it_can_be_taken_back_also_twice(employee: User, turn: Turn) -> None:
    say(employee, turn, DOWN)
    assert say(employee, turn, {"helpful": ""}) == (200, {"feedback": None})
    assert say(employee, turn, {"helpful": ""}) == (200, {"feedback": None})
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"helpful": "maybe"},
        {"helpful": "yes", "reasons": ["wrong"]},
        {"helpful": "no", "reasons": ["<script>"]},
        {"helpful": "no", "words": "x" * 1001},
    ],
)
def test_what_no_page_sends_is_refused(employee: User, turn: Turn, fields: dict[str, Any]) -> None:
    status, answer = say(employee, turn, fields)
    assert status == 400
    assert answer["error"].endswith(".")
    assert not Feedback.objects.exists()


def test_an_answer_under_way_has_none_yet(employee: User, turn: Turn) -> None:
    Turn.objects.update(status=Status.RUNNING)
    assert signed_in(employee).post(f"/turns/{turn.id}/feedback/", DOWN).status_code == 404


def test_nothing_that_a_database_refuses_comes_to_it(employee: User, turn: Turn) -> None:
    assert say(employee, turn, {"helpful": "no", "words": "a\0b"})[1]["feedback"]["words"] == "ab"


def test_a_conversation_that_goes_meanwhile_is_not_found(
    employee: User, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(Feedback.objects, "bulk_create", gone)
    with pytest.raises(NotFound):
        feedback.say(employee, UUID(str(turn.id)), feedback.Said(helpful=True))


def test_it_goes_with_its_conversation(employee: User, turn: Turn) -> None:
    say(employee, turn, DOWN)
    Conversation.objects.all().delete()
    assert not Feedback.objects.exists()
