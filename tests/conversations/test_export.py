"""A conversation as a file: whole, without what may not be told, and harmless in any program."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from chatapp.accounts.models import User
from chatapp.conversations import export, feedback
from chatapp.conversations.events import Ended, Event, Judged, Text, Withheld
from chatapp.conversations.export import as_json, disposition, outline
from chatapp.conversations.markdown import as_markdown
from chatapp.conversations.models import Conversation, Picture, Source, Turn
from chatapp.conversations.record import Fold, finish
from chatapp.library.models import Chunk, Document

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/export.schema.json").read_text(encoding="utf-8")
)


def exported(user: User, conversation: Conversation) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(b"".join(as_json(user, outline(conversation))))
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(told)
    return told


def written(user: User, conversation: Conversation) -> str:
    return b"".join(as_markdown(user, outline(conversation))).decode()


def another(turn: Turn, question: str, parent: Turn | None, **more: Any) -> Turn:
    return Turn.objects.create(
        conversation_id=turn.conversation_id,
        client_id=uuid4(),
        question=question,
        parent=parent,
        **{"status": "done", **more},
    )


def test_json_tells_a_turn_with_model_sources_verdicts_and_policy(
    employee: User, conversation: Conversation, turn: Turn, chunk: Chunk
) -> None:
    feedback.say(employee, turn.id, feedback.Said(helpful=True, reasons=("clear",)))
    told = exported(employee, conversation)
    assert (told["title"], told["shown"]) == ("How much leave?", [str(turn.id)])
    (one,) = told["turns"]
    assert (one["question"], one["answer"]) == ("How much?", "28 days [1].")
    assert one["model"] == {"name": "m", "digest": "d", "demo": True}
    assert one["policy_version"] == 7
    assert one["sources"] == [
        {
            "number": 1,
            "title": "Leave.pdf",
            "page": 3,
            "cited": True,
            "readable": True,
            "heading": "Leave > Annual",
            "document": str(chunk.document_id),
            "collection": str(chunk.document.collection_id),
        }
    ]
    assert [(each["stage"], each["action"]) for each in one["verdicts"]] == [("request", "allow")]
    assert one["feedback"] == {"helpful": True, "reasons": ["clear"], "words": ""}


def test_it_has_the_images_of_a_question(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    picture = Picture.objects.create(
        conversation=conversation, media_type="image/png", data=b"pixels"
    )
    another(turn, "What is it?", turn, pictures=[str(picture.id)])
    first, second = exported(employee, conversation)["turns"]
    assert (first["images"], second["images"]) == (
        [],
        [{"media_type": "image/png", "data": b64encode(b"pixels").decode()}],
    )
    assert written(employee, conversation).count("With an image") == 1


def test_it_has_every_branch_the_one_that_is_shown_first(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    beside = another(turn, "How many?", None)
    last = another(turn, "And then?", turn)
    told = exported(employee, conversation)
    assert told["shown"] == [str(turn.id), str(last.id)]
    assert [each["id"] for each in told["turns"]] == [str(n.id) for n in (turn, last, beside)]
    assert [each["parent"] for each in told["turns"]] == [None, str(turn.id), None]
    text = written(employee, conversation)
    assert text.index("And then?") < text.index("Other versions") < text.index("How many?")
    assert "### 3, at the beginning" in text


def test_access_to_sources_is_asked_anew(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    employee.groups.clear()
    (source,) = exported(employee, conversation)["turns"][0]["sources"]
    assert (source["title"], source["readable"], source["heading"]) == ("Leave.pdf", False, "")
    text = written(employee, conversation)
    assert "Leave\\.pdf, page 3, which may not be read any more" in text
    assert "Annual" not in text
    Document.objects.all().delete()
    assert exported(employee, conversation)["turns"][0]["sources"][0]["document"] is None


def test_what_was_withheld_is_in_neither(employee: User, conversation: Conversation) -> None:
    made = Turn.objects.create(conversation=conversation, client_id=uuid4(), question="How?")
    events: list[Event] = [
        Text("Harmless. "),
        Judged("response", "block", (), 9, ("j",)),
        Withheld("response", "The rest is withheld."),
    ]
    fold = Fold()
    for event in events:
        fold.add(event)
    finish(made.id, fold.outcome(Ended("blocked", "The rest is withheld.")))
    (one,) = exported(employee, conversation)["turns"]
    assert (one["status"], one["answer"]) == ("blocked", "Harmless. ")
    assert one["withheld"] == [{"stage": "response", "message": "The rest is withheld."}]
    assert "**Withheld:** The rest is withheld" in written(employee, conversation)


def test_words_of_people_set_nothing_in_markdown(
    employee: User, conversation: Conversation, turn: Turn
) -> None:
    hostile = "# Head <img src=x> [a](javascript:b) ![c](http://d) **e**\n\n---\n    code\n1. one"
    Conversation.objects.update(title="# <b>t</b> [x](y)")
    Turn.objects.update(question=hostile, answer="", reason=hostile[:80], trace=[])
    Source.objects.update(title="](http://evil) <script>")
    tokens = MarkdownIt("commonmark").parse(written(employee, Conversation.objects.get()))
    inside = [child.type for token in tokens for child in token.children or ()]
    assert not {"link_open", "image", "html_inline", "code_inline"} & set(inside)
    kinds = [token.type for token in tokens]
    assert kinds.count("heading_open") == 2  # the title's and the turn's
    assert not {"html_block", "hr", "code_block", "ordered_list_open"} & set(kinds)


def test_the_number_of_queries_for_some_turns_does_not_grow_with_them(
    employee: User, conversation: Conversation, turn: Turn, django_assert_max_num_queries: Any
) -> None:
    for number in range(export.TURNS_AT_ONCE - 1):
        another(turn, f"{number}?", turn)
    with django_assert_max_num_queries(8):
        assert len(exported(employee, conversation)["turns"]) == export.TURNS_AT_ONCE


def test_an_empty_conversation_is_exported_too(employee: User, conversation: Conversation) -> None:
    assert exported(employee, conversation)["turns"] == []
    assert written(employee, conversation).startswith("# How much leave?\n")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("How much leave?", "How much leave"),
        ("../../etc/passwd", "etc-passwd"),
        ('a"b\\c\r\nX-Evil: 1', "a-b-c X-Evil- 1"),
        ("\u202egnp.exe", "gnp.exe"),
        ("...", "Conversation"),
        ("x" * 120, "x" * 80),
    ],
)
def test_the_files_name_is_safe(title: str, name: str) -> None:
    header = disposition(title, "md")
    assert header.startswith(f'attachment; filename="{name} 20')
    assert header.endswith('.md"')
    assert "\n" not in header


def test_a_name_of_other_letters_is_kept() -> None:
    assert "filename*=utf-8''%D8%A5%D8%AC" in disposition("إجازة", "json")


async def test_it_is_streamed_as_a_download_through_the_pages_own_rules(
    rows: None, employee: User
) -> None:
    def prepare() -> tuple[AsyncClient, Conversation]:
        client = AsyncClient()
        client.force_login(employee, backend="django.contrib.auth.backends.ModelBackend")
        return client, Conversation.objects.create(owner=employee, title="Leave")

    client, conversation = await database_sync_to_async(prepare)()
    for suffix, media in (("json", "application/json"), ("md", "text/markdown; charset=utf-8")):
        response = await client.get(f"/c/{conversation.id}/export.{suffix}")
        assert response.headers["Content-Type"] == media
        assert 'filename="Leave 20' in response.headers["Content-Disposition"]
        assert "no-store" in response.headers["Cache-Control"]
        assert b"Leave" in b"".join([piece async for piece in response.streaming_content])
    assert (await client.get(f"/c/{conversation.id}/export.exe")).status_code == 404
