"""Temporary conversations: as others while they last, listed nowhere, and gone after that."""

from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone
from pytest_django import Settings

from chatapp import access
from chatapp.accounts.models import User
from chatapp.backends.base import TextDelta
from chatapp.conversations import temporary
from chatapp.conversations.following import LOOK_AT_CONVERSATION_SECONDS
from chatapp.conversations.models import Conversation, Turn
from chatapp.conversations.outlook import Outlook
from chatapp.conversations.tasks import remove_expired_conversations
from chatapp.moderation.models import Entry
from tests.conversations.conftest import Connect, Use, signed_in
from tests.conversations.scripted import (
    DONE,
    Pause,
    ScriptedBackend,
    ScriptedJudge,
    make_tools,
    until,
)


@pytest.fixture
def passing(conversation: Conversation) -> Conversation:
    """A temporary conversation that was just begun."""
    conversation.expires = temporary.expiry()
    conversation.save()
    return conversation


def expire(conversation: Conversation, minutes: int = 1) -> None:
    then = timezone.now() - timedelta(minutes=minutes)
    Conversation.objects.filter(id=conversation.id).update(expires=then)


async def test_it_goes_on_as_any_other_and_is_listed_nowhere(
    connect: Connect, use: Use, employee: User
) -> None:
    socket = await connect(employee)
    first = await socket.ask("How much leave?", temporary=True)
    await socket.until_end()
    second = await socket.ask("And part-timers?", first["conversation"])
    await socket.until_end()
    assert second["parent"] == first["turn"]

    def seen() -> tuple[int, list[object], bool]:
        page = signed_in(employee).get(f"/c/{first['conversation']}/turns/")
        listed = signed_in(employee).get("/conversations/").context["groups"]
        return len(page.json()["turns"]), listed, access.own_turns(employee).exists()

    assert await database_sync_to_async(seen)() == (2, [], True)


@pytest.mark.usefixtures("quick_model")
def test_its_page_names_it_as_what_it_is(employee: User, passing: Conversation) -> None:
    page = signed_in(employee).get(f"/c/{passing.id}/").content.decode()
    assert "is-temporary" in page
    assert "kept in the log for compliance staff" in page
    assert "30 minutes after its last window was closed" in page


def test_it_stays_while_a_window_follows_it(employee: User, passing: Conversation) -> None:
    soon = timezone.now() + timedelta(minutes=2)
    Conversation.objects.update(expires=soon)
    assert Outlook(passing.id).look(employee)
    expires = Conversation.objects.get().expires
    assert expires is not None
    assert expires > soon + timedelta(minutes=20)


def test_a_look_just_after_another_writes_nothing(employee: User, passing: Conversation) -> None:
    before = Conversation.objects.get().expires
    assert Outlook(passing.id).look(employee)
    assert Conversation.objects.get().expires == before


def test_the_shortest_time_is_longer_than_from_look_to_look(
    employee: User, passing: Conversation, settings: Settings
) -> None:
    settings.TEMPORARY_CHAT_MINUTES = 1
    look = timedelta(seconds=LOOK_AT_CONVERSATION_SECONDS)
    Conversation.objects.update(expires=temporary.expiry() - look)
    assert Outlook(passing.id).look(employee)
    expires = Conversation.objects.get().expires
    assert expires is not None
    assert expires > temporary.expiry() - look


def test_one_that_is_kept_never_expires(employee: User, conversation: Conversation) -> None:
    assert Outlook(conversation.id).look(employee)
    assert Conversation.objects.get().expires is None
    assert temporary.remove_expired() == []
    assert Conversation.objects.exists()


def test_what_has_expired_is_gone_for_its_owner_before_it_is_removed(
    employee: User, passing: Conversation
) -> None:
    expire(passing)
    temporary.seen(Conversation.objects.get())
    assert not access.own_conversations(employee).exists()
    assert Outlook(passing.id).look(employee) is None


def test_it_is_removed_with_its_turns_and_its_entries_in_the_log_stay(
    employee: User, turn: Turn
) -> None:
    Entry.objects.create(policy_version=1, conversation_id=turn.conversation_id)
    kept = Conversation.objects.create(owner=employee, title="Kept")
    expire(turn.conversation)
    remove_expired_conversations()
    assert list(Conversation.objects.all()) == [kept]
    assert not Turn.objects.exists()
    assert Entry.objects.count() == 1


def test_closing_removes_it_at_once(employee: User, passing: Conversation) -> None:
    response = signed_in(employee).post(f"/c/{passing.id}/close/")
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert not Conversation.objects.exists()


def test_nobody_closes_one_that_is_kept(employee: User, conversation: Conversation) -> None:
    assert signed_in(employee).post(f"/c/{conversation.id}/close/").status_code == 404
    assert Conversation.objects.exists()


@pytest.mark.parametrize("name", ["team_mate", "admin", "compliance"])
def test_nobody_closes_anothers(
    request: pytest.FixtureRequest, passing: Conversation, name: str
) -> None:
    someone = request.getfixturevalue(name)
    assert signed_in(someone).post(f"/c/{passing.id}/close/").status_code == 404
    assert Conversation.objects.exists()


async def test_closing_stops_what_is_being_answered(
    connect: Connect, use: Use, employee: User
) -> None:
    pause = Pause()
    backend = ScriptedBackend(TextDelta("A word. "), pause, DONE)
    use(make_tools(backend, ScriptedJudge()))
    socket = await connect(employee)
    accepted = await socket.ask("Tell me", temporary=True)
    await pause.reached.wait()

    def close() -> int:
        address = f"/c/{accepted['conversation']}/close/"
        return signed_in(employee).post(address).status_code

    assert await database_sync_to_async(close)() == 302
    await socket.until_end()
    await until(lambda: backend.open == 0)
