"""Who may open and change what in the chat's pages, and the words of sources."""

import pytest
from django.test import Client

from chatapp.accounts.models import User
from chatapp.conversations.models import Conversation, Turn
from chatapp.library.models import Chunk, Document
from tests.conversations.conftest import signed_in

pytestmark = pytest.mark.usefixtures("quick_model")

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
    ("get", "/c/{conversation}/export.json"),
    ("get", "/c/{conversation}/export.md"),
    ("get", "/c/{conversation}/turns/"),
    ("post", "/turns/{turn}/branch/"),
    ("post", "/c/{conversation}/pin/"),
    ("post", "/turns/{turn}/feedback/"),
    ("post", "/c/{conversation}/close/"),
    ("get", "/c/{conversation}/files/"),
    ("post", "/c/{conversation}/files/{turn}/retry/"),
    ("get", "/images/{turn}/"),
    ("post", "/images/{turn}/remove/"),
    ("post", "/c/{conversation}/files/{turn}/remove/"),
    ("post", "/c/{conversation}/rename/"),
    ("post", "/c/{conversation}/delete/"),
    ("post", "/c/{conversation}/restore/"),
    ("get", "/sources/{turn}/1/"),
]


@pytest.mark.parametrize(("method", "address"), PAGES)
@pytest.mark.parametrize("name", ["team_mate", "stranger", "admin", "compliance"])
def test_nobody_but_the_owner_gets_anything(
    request: pytest.FixtureRequest, turn: Turn, name: str, method: str, address: str
) -> None:
    client = signed_in(request.getfixturevalue(name))
    where = address.format(conversation=turn.conversation_id, turn=turn.id)
    fields = {"title": "Mine now", "pinned": "yes", "helpful": "yes"}
    response = getattr(client, method)(where, fields)
    assert response.status_code == 404
    assert "28 days" not in response.content.decode()
    kept = Conversation.objects.get()
    assert (kept.title, kept.pinned) == ("How much leave?", False)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        *PAGES,
        ("get", "/"),
        ("get", "/conversations/"),
        ("get", "/conversations/models/"),
        ("post", "/c/begin/"),
        ("post", "/c/{conversation}/files/upload/"),
        ("post", "/c/{conversation}/images/upload/"),
    ],
)
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
        ("post", "/c/{conversation}/turns/"),
        ("get", "/turns/{turn}/branch/"),
        ("get", "/c/{conversation}/pin/"),
        ("get", "/turns/{turn}/feedback/"),
        ("get", "/c/{conversation}/close/"),
        ("get", "/c/begin/"),
        ("post", "/c/{conversation}/files/"),
        ("get", "/c/{conversation}/files/upload/"),
        ("get", "/c/{conversation}/images/upload/"),
        ("get", "/c/{conversation}/files/{turn}/remove/"),
        ("get", "/c/{conversation}/rename/"),
        ("get", "/c/{conversation}/delete/"),
        ("get", "/c/{conversation}/restore/"),
        ("post", "/c/{conversation}/export.json"),
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
