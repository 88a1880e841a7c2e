"""Deleting a conversation hides it at once, and can be undone for a while."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations import asking, deletion, queueing, tasks
from chatapp.conversations.frames import Regenerate, Send
from chatapp.conversations.models import Conversation, Indexed, Source, Status, Turn
from chatapp.conversations.outlook import Outlook
from chatapp.conversations.problems import NotFound
from tests.conversations.conftest import signed_in

pytestmark = pytest.mark.usefixtures("quick_model")


def delete(client: Client, conversation: Conversation) -> list[Any]:
    response = client.post(f"/c/{conversation.id}/delete/")
    assert response.status_code == 200
    groups: list[Any] = response.context["groups"]
    return groups


def aged(age: timedelta) -> None:
    Conversation.objects.update(deleted=timezone.now() - age)


def test_it_is_out_of_everything_at_once(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    client = signed_in(employee)
    assert delete(client, conversation) == []
    for address in (
        f"/c/{conversation.id}/",
        f"/c/{conversation.id}/turns/",
        f"/sources/{turn.id}/1/",
    ):
        assert client.get(address).status_code == 404
    for address in (
        f"/c/{conversation.id}/rename/",
        f"/c/{conversation.id}/pin/",
        f"/c/{conversation.id}/delete/",
        f"/turns/{turn.id}/branch/",
    ):
        assert client.post(address, {"title": "t", "pinned": "yes"}).status_code == 404
    assert not access.own_turns(employee).exists()
    assert not access.own_sources(employee).exists()
    assert Outlook(conversation.id).look(employee) is None


def test_nothing_more_can_be_asked_in_it(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    deletion.delete(employee, conversation.id)
    with pytest.raises(NotFound):
        asking.ask(employee, Send(uuid4(), conversation.id, "More?", None))
    with pytest.raises(NotFound):
        asking.regenerate(employee, Regenerate(uuid4(), turn.id))


def test_undo_brings_it_back_whole(employee: User, conversation: Conversation, turn: Turn) -> None:
    client = signed_in(employee)
    delete(client, conversation)
    response = client.post(f"/c/{conversation.id}/restore/")
    assert [c.id for _, each in response.context["groups"] for c in each] == [conversation.id]
    assert len(client.get(f"/c/{conversation.id}/turns/").json()["turns"]) == 1
    assert client.post(f"/c/{conversation.id}/restore/").status_code == 404


def test_it_is_too_late_for_undo_before_the_rows_are_removed(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    client = signed_in(employee)
    delete(client, conversation)
    aged(deletion.REGRET + timedelta(seconds=1))
    assert client.post(f"/c/{conversation.id}/restore/").status_code == 404
    assert deletion.remove_deleted() == 0
    aged(deletion.KEPT + timedelta(seconds=1))
    tasks.remove_deleted_conversations()
    assert not Conversation.objects.exists()
    assert not Turn.objects.exists()
    assert not Source.objects.exists()


def test_only_what_was_deleted_is_removed(
    employee: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "AT_ONCE", 2)
    Conversation.objects.bulk_create(
        Conversation(owner=employee, title="t", deleted=timezone.now() - timedelta(days=1))
        for _ in range(5)
    )
    assert deletion.remove_deleted() == 5
    assert list(Conversation.objects.all()) == [conversation]


def test_what_waits_in_it_is_taken_back(employee: User, conversation: Conversation) -> None:
    running, queued = (
        Turn.objects.create(
            conversation=conversation, client_id=uuid4(), question="?", status=status
        )
        for status in (Status.RUNNING, Status.QUEUED)
    )
    assert deletion.delete(employee, conversation.id) == [running.id]
    queued.refresh_from_db()
    assert (queued.status, queued.reason) == ("stopped", queueing.CANCELLED)
    assert Indexed.objects.filter(turn=queued).exists(), "it is found once it is put back"
    assert queueing.stranded() == []


def test_deleting_while_redis_is_away_deletes_all_the_same(
    employee: User, conversation: Conversation, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    Turn.objects.create(conversation=conversation, client_id=uuid4(), question="Running?")
    assert delete(signed_in(employee), conversation) == []


@pytest.mark.parametrize("name", ["team_mate", "stranger", "admin", "compliance"])
def test_nobody_else_puts_it_back(
    request: pytest.FixtureRequest, employee: User, conversation: Conversation, name: str
) -> None:
    deletion.delete(employee, conversation.id)
    client = signed_in(request.getfixturevalue(name))
    assert client.post(f"/c/{conversation.id}/restore/").status_code == 404
    assert not access.own_conversations(employee).exists()


def test_a_suspended_person_puts_nothing_back(employee: User, conversation: Conversation) -> None:
    deletion.delete(employee, conversation.id)
    employee.is_active = False
    assert not access.deleted_conversations(employee).exists()
