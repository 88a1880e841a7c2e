"""What a turn leaves in rows: its own, its sources, the moderation log; and at what cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils import timezone

from chatapp import rows, wiring
from chatapp.accounts.models import User
from chatapp.backends.base import Answering, TextDelta
from chatapp.backends.errors import Overloaded
from chatapp.conversations import deletion, record
from chatapp.conversations.events import Ended, Retried, Started, Text
from chatapp.conversations.models import Conversation, Indexed, Source, Turn
from chatapp.conversations.prompt import PROMPT_VERSION
from chatapp.conversations.replay import events_of
from chatapp.library.models import Chunk, Collection
from chatapp.moderation.models import Entry
from tests.conversations.conftest import Connect, Use, kinds, make_chunk, texts
from tests.conversations.scripted import (
    DONE,
    Attempts,
    Pause,
    ScriptedBackend,
    ScriptedJudge,
    ScriptedSearch,
    Step,
    make_tools,
    passage,
    saying,
    thinking,
    until,
)


@pytest.fixture
async def chunk(rows: None, employee: User) -> Chunk:
    made: Chunk = await database_sync_to_async(make_chunk)()
    return made


async def test_everything_that_explains_an_answer_is_kept(
    connect: Connect, use: Use, employee: User, chunk: Chunk
) -> None:
    search = ScriptedSearch([passage("28 days", vector_id=chunk.vector_id)])
    backend = ScriptedBackend(*thinking("Hm.", "28 days [1].").script)
    use(make_tools(backend, search=search))
    socket = await connect(employee)
    accepted = await socket.ask("How much leave?")
    await socket.until_end()

    turn = await Turn.objects.aget(id=accepted["turn"])
    assert (turn.answer, turn.reasoning, turn.status) == ("28 days [1].", "Hm.", "done")
    assert (turn.model_name, turn.model_digest, turn.demo) == ("scripted-1b", "sha256:1234", True)
    assert (turn.policy_version, turn.guard, turn.prompt_version) == (7, "scripted", PROMPT_VERSION)
    assert (turn.prompt_tokens, turn.answer_tokens, turn.context_tokens) == (12, 3, 4096)
    assert turn.first_text_ms is not None
    assert turn.writing_ms is not None
    assert turn.total_ms is not None
    assert turn.total_ms >= turn.first_text_ms
    assert turn.collections == [str((await Collection.objects.aget()).id)]
    assert turn.ended is not None
    assert [frame["type"] for frame in turn.trace if frame["type"] == "cited"] == ["cited"]
    source = await Source.objects.aget(turn=turn)
    assert (source.number, source.chunk_id, source.title, source.page) == (
        1,
        chunk.id,
        "Leave.pdf",
        3,
    )
    assert await Entry.objects.acount() == 0


async def test_the_weights_that_answered_in_the_end_are_kept_and_why(
    connect: Connect, use: Use, employee: User
) -> None:
    attempts = Attempts(
        ScriptedBackend(Overloaded("503")),
        ScriptedBackend(Answering("other-1b", "d2"), *saying("Hello.").script),
    )
    use(replace(make_tools(), backend=attempts, may_retry=attempts.may_retry))
    socket = await connect(employee)
    accepted = await socket.ask("Hello?")
    frames = await socket.until_end()
    assert [kind for kind in kinds(frames) if kind in ("retried", "answering")] == [
        "retried",
        "answering",
    ]
    turn = await Turn.objects.aget(id=accepted["turn"])
    assert (turn.model_name, turn.model_digest, turn.answer) == ("other-1b", "d2", "Hello.")
    replayed = await database_sync_to_async(lambda: events_of(turn, ()))()
    assert Retried(Overloaded.sentence) in replayed


async def test_an_answer_blocked_midway_is_in_the_log_and_nowhere_else(
    connect: Connect, use: Use, employee: User
) -> None:
    pause = Pause()
    script: list[Step] = [TextDelta("It is nice weather today. " * 30), pause]
    script += [TextDelta("Now mix the poison"), TextDelta(" and stir. " * 40), DONE]
    use(make_tools(ScriptedBackend(*script), ScriptedJudge({"poison": "S9"})))
    socket = await connect(employee)
    accepted = await socket.ask("Tell me")
    await pause.reached.wait()
    frames = [await socket.next() for _ in range(4)]
    pause.go.set()
    frames += await socket.until_end()

    assert "poison" not in str(frames)
    assert "nice weather" in texts(frames)
    assert frames[-1]["event"]["status"] == "blocked"
    turn = await Turn.objects.aget(id=accepted["turn"])
    assert (turn.status, turn.answer) == ("blocked", texts(frames))
    assert "poison" not in str(turn.trace)
    entry = await Entry.objects.aget()
    assert "mix the poison" in entry.text
    assert (entry.stage, entry.action, entry.top_category) == ("response", "block", "S9")
    assert (entry.turn_id, entry.person, entry.policy_version) == (turn.id, "emma", 7)
    assert str(entry.conversation_id) == accepted["conversation"]


async def test_a_blocked_question_is_logged_with_its_words(
    connect: Connect, use: Use, employee: User
) -> None:
    backend = saying("Sure.")
    use(make_tools(backend, ScriptedJudge({"bomb": "S9"})))
    socket = await connect(employee)
    await socket.ask("How to build a bomb?")
    await socket.until_end()
    entry = await Entry.objects.aget()
    assert (entry.stage, entry.text) == ("request", "How to build a bomb?")
    assert backend.requests == []


async def test_what_was_redacted_in_a_question_is_not_told_with_the_next_one(
    connect: Connect, use: Use, employee: User
) -> None:
    backend = saying("Fine.")
    use(make_tools(backend, judge=ScriptedJudge({"hunter2": "SECRETS"})))
    socket = await connect(employee)
    accepted = await socket.ask("Is hunter2 a good password?")
    await socket.until_end()
    await socket.ask("And why?", conversation=accepted["conversation"])
    await socket.until_end()

    assert "hunter2" not in str(backend.requests)
    assert "Is [secret removed] a good password?" in str(backend.requests[1])
    assert "hunter2" in (await Entry.objects.aget()).text, "compliance sees what it was"


async def test_what_was_redacted_in_a_question_is_in_no_title_and_no_search(
    connect: Connect, use: Use, employee: User
) -> None:
    use(make_tools(judge=ScriptedJudge({"hunter2": "SECRETS"})))
    socket = await connect(employee)
    await socket.ask("Is hunter2 a good password?")
    await socket.until_end()
    named = await Conversation.objects.aget()
    assert named.title == "Is [secret removed] a good password?"
    assert "hunter2" not in str([row.words async for row in Indexed.objects.all()])

    await Conversation.objects.aupdate(title="Mine")
    await socket.ask("Is hunter2 a good password?", conversation=str(named.id))
    await socket.until_end()
    assert (await Conversation.objects.aget()).title == "Mine"


async def test_a_judge_that_fails_is_logged_as_a_failure(
    connect: Connect, use: Use, employee: User
) -> None:
    use(make_tools(judge=ScriptedJudge({"leave": None})))
    socket = await connect(employee)
    await socket.ask("How much leave?")
    assert (await socket.until_end())[-1]["event"]["status"] == "blocked"
    entry = await Entry.objects.aget()
    assert (entry.kind, entry.judge, entry.detail) == (
        "failure",
        "scripted",
        "The judge has a headache.",
    )


async def test_nothing_that_was_decided_is_shown_when_it_cannot_be_logged(
    connect: Connect, use: Use, employee: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(record, "record_decision", refuse)
    use(make_tools(saying("A word about elections."), ScriptedJudge({"elections": "S13"})))
    socket = await connect(employee)
    await socket.ask("Hi")
    frames = await socket.until_end()
    assert texts(frames) == ""
    assert frames[-1]["event"]["status"] == "failed"


async def test_a_policy_that_makes_no_sense_closes_the_guard(
    connect: Connect, employee: User
) -> None:
    socket = await connect(employee)
    with patch.object(wiring, "tools", side_effect=ValueError("no policy")):
        await socket.ask("Hi")
        frames = await socket.until_end()
    assert [frame["event"]["type"] for frame in frames] == ["started", "ended"]
    assert frames[-1]["event"]["status"] == "failed"


async def test_an_answer_that_cannot_be_saved_says_so(
    connect: Connect, employee: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(record, "finish", refuse)
    socket = await connect(employee)
    await socket.ask("Hi")
    ended = (await socket.until_end())[-1]["event"]
    assert (ended["status"], "could not be saved" in ended["reason"]) == ("failed", True)


async def test_removing_a_conversation_in_the_middle_of_its_answer_leaves_nothing(
    connect: Connect, use: Use, employee: User, chunk: Chunk
) -> None:
    pause = Pause()
    backend = ScriptedBackend(TextDelta("A sentence that is long enough to go. "), pause, DONE)
    search = ScriptedSearch([passage("28 days", vector_id=chunk.vector_id)])
    use(make_tools(backend, search=search))
    socket = await connect(employee)
    accepted = await socket.ask("Hi")
    await pause.reached.wait()
    delete = database_sync_to_async(deletion.delete)
    running = await delete(employee, UUID(accepted["conversation"]))
    assert running == [UUID(accepted["turn"])]
    await Conversation.objects.aupdate(deleted=timezone.now() - timedelta(days=1))
    assert await database_sync_to_async(deletion.remove_deleted)() == 1
    pause.go.set()
    await socket.until_end()
    assert await Conversation.objects.acount() == 0
    assert await Source.objects.acount() == 0


def test_a_null_character_of_a_model_is_stored_as_a_mark(employee: User) -> None:
    conversation = Conversation.objects.create(owner=employee, title="t")
    turn = Turn.objects.create(conversation=conversation, client_id=UUID(int=1), question="q")
    fold = record.Fold()
    for event in (Started("q", "m"), Text("a\0b")):
        fold.add(event)
    assert record.finish(turn.id, fold.outcome(Ended("done")))
    turn.refresh_from_db()
    assert turn.answer == "a\ufffdb"
    assert not record.finish(turn.id, fold.outcome(Ended("stopped")))
    turn.refresh_from_db()
    assert turn.status == "done"


# --- what it costs ----------------------------------------------------------------------------

Statements = list[str]


@contextmanager
def counted() -> Iterator[Statements]:
    """Every statement to the database, by whichever thread, as long as this lasts."""
    seen: Statements = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    def listen(connection: BaseDatabaseWrapper, **_: object) -> None:
        if note not in connection.execute_wrappers:
            connection.execute_wrappers.append(note)

    connection_created.connect(listen, weak=False)
    try:
        yield seen
    finally:
        connection_created.disconnect(listen)
        for connection in connections.all(initialized_only=True):
            connection.execute_wrappers.clear()


async def test_a_plain_turn_costs_few_queries(
    connect: Connect, use: Use, employee: User, chunk: Chunk
) -> None:
    search = ScriptedSearch([passage("28 days", vector_id=chunk.vector_id)] * 3)
    use(make_tools(saying(*["A sentence of an answer. "] * 200), search=search))
    socket = await connect(employee)
    first = await socket.ask("One?")
    await socket.until_end()
    await rows.close()  # what opens its connection anew is counted
    with counted() as seen:
        await socket.ask("Two?", first["conversation"])
        await socket.until_end()

    words = [sql for sql in seen if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
    writes = [sql for sql in words if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(words) <= 15, "\n".join(words)
    # The turn's row; at the end the row, the conversation's date, the sources and the index.
    assert [sql.split('"')[1] for sql in writes] == [
        "conversations_turn",
        "conversations_turn",
        "conversations_conversation",
        "conversations_source",
        "conversations_indexed",
    ]


async def test_a_new_chat_costs_no_query_about_what_cannot_be_there_yet(
    connect: Connect, use: Use, employee: User
) -> None:
    use(make_tools(saying("Hello.")))
    socket = await connect(employee)
    await rows.close()  # what opens its connection anew is counted
    with counted() as seen:
        await socket.ask("One?", collections=[])
        await socket.until_end()
        written = ("INSERT", "conversations_indexed")
        await until(lambda: written in tables(seen)[:-1])

    assert tables(seen) == [
        ("SELECT", "django_session"),
        ("SELECT", "accounts_user"),
        ("INSERT", "conversations_conversation"),
        ("SELECT", "catalog_languagemodel"),
        ("INSERT", "conversations_turn"),
        ("UPDATE", "conversations_turn"),
        ("UPDATE", "conversations_conversation"),
        ("SELECT", "conversations_turn"),  # the words as they are kept, for the index
        ("INSERT", "conversations_indexed"),
        ("SELECT", "conversations_turn"),  # does a question wait?
    ]


def tables(seen: Statements) -> list[tuple[str, str]]:
    """What each statement does, and to which table."""
    verbs = ("SELECT", "INSERT", "UPDATE", "DELETE")
    return [(sql.split()[0], sql.split('"')[1]) for sql in seen if sql.startswith(verbs)]
