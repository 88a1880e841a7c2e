"""The library's pages: who may open them, and what they do."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from chatapp.accounts.models import User
from chatapp.library import tasks
from chatapp.library.forms import CollectionForm
from chatapp.library.models import Collection, Document, State
from tests.library.conftest import HANDBOOK, Uploading

JSON = {"accept": "application/json"}
PEOPLE = ["employee", "team_mate", "stranger", "compliance"]
COLLECTION_PAGES = [
    ("collection", "get"),
    ("collection-edit", "get"),
    ("collection-edit", "post"),
    ("collection-delete", "get"),
    ("collection-delete", "post"),
    ("upload", "post"),
    ("collection-retry", "post"),
]
DOCUMENT_PAGES = [
    ("document", "get"),
    ("document-retry", "post"),
    ("document-delete", "get"),
    ("document-delete", "post"),
]
PLAIN_PAGES = [("library", "get"), ("collection-new", "get"), ("collection-new", "post")]
EVERY_PAGE = [*PLAIN_PAGES, *COLLECTION_PAGES, *DOCUMENT_PAGES]


@pytest.fixture
def document(upload: Uploading) -> Document:
    return upload()


def address(name: str, document: Document) -> str:
    if name in dict(PLAIN_PAGES):
        return reverse(name)
    key = document.pk if name in dict(DOCUMENT_PAGES) else document.collection_id
    return reverse(name, args=[key])


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was put into the worker's queue: pairs of task and id."""
    found: list[tuple[str, str]] = []
    for task in (tasks.ingest_document, tasks.remove_document, tasks.remove_collection):
        name = task.name.rpartition(".")[2]
        monkeypatch.setattr(task, "delay", lambda key, name=name: found.append((name, key)))
    return found


def files(*pairs: tuple[str, bytes]) -> dict[str, list[SimpleUploadedFile]]:
    return {"files": [SimpleUploadedFile(name, data) for name, data in pairs]}


# --- who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "method"), EVERY_PAGE)
def test_only_admins_may(
    name: str, method: str, document: Document, client: Client, request: pytest.FixtureRequest
) -> None:
    for person in PEOPLE:
        client.force_login(request.getfixturevalue(person))
        answer = getattr(client, method)(address(name, document), {"name": "Taken over"})
        assert answer.status_code == 403, person

    document.refresh_from_db()
    assert document.state == State.RECEIVED
    assert not Collection.objects.filter(name="Taken over").exists()


@pytest.mark.parametrize(("name", "method"), EVERY_PAGE)
def test_nobody_may_who_is_not_signed_in(
    name: str, method: str, document: Document, client: Client
) -> None:
    answer = getattr(client, method)(address(name, document))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("sign-in"))


@pytest.mark.parametrize(("name", "method"), [*COLLECTION_PAGES, *DOCUMENT_PAGES])
def test_what_does_not_exist_is_not_found(
    name: str, method: str, document: Document, client: Client, admin: User
) -> None:
    client.force_login(admin)
    where = address(name, document)
    Document.objects.all().delete()
    Collection.objects.all().delete()
    assert getattr(client, method)(where).status_code == 404


@pytest.mark.parametrize(("name", "method"), COLLECTION_PAGES)
def test_a_collection_that_is_being_deleted_is_not_found(
    name: str, method: str, document: Document, client: Client, admin: User
) -> None:
    client.force_login(admin)
    Collection.objects.update(deleting=True)
    assert getattr(client, method)(address(name, document)).status_code == 404


@pytest.mark.parametrize("name", ["upload", "collection-retry", "document-retry"])
def test_what_changes_something_is_never_a_link(
    name: str, document: Document, client: Client, admin: User
) -> None:
    client.force_login(admin)
    assert client.get(address(name, document)).status_code == 405


@pytest.mark.parametrize(
    "name", ["upload", "collection-delete", "document-delete", "document-retry"]
)
def test_it_takes_no_post_from_another_site(name: str, document: Document, admin: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    assert client.post(address(name, document)).status_code == 403


# --- collections -----------------------------------------------------------------------------


def test_the_library_lists_collections_with_their_readers_and_counts(
    document: Document, client: Client, admin: User
) -> None:
    Collection.objects.create(name="Board papers")
    client.force_login(admin)
    page = client.get(reverse("library")).content.decode()

    assert "Handbook" in page
    assert "staff" in page
    assert "0 of 1 ready" in page
    assert "Board papers" in page
    assert "Nobody yet" in page


def test_an_admin_makes_a_collection(client: Client, admin: User) -> None:
    client.force_login(admin)
    group = admin.groups.get()
    answer = client.post(
        reverse("collection-new"),
        {"name": "Handbook", "description": "Rules.", "readers": [group.pk]},
    )

    made = Collection.objects.get()
    assert answer["Location"] == reverse("collection", args=[made.pk])
    assert (made.name, made.description, made.created_by) == ("Handbook", "Rules.", admin)
    assert list(made.readers.all()) == [group]


def test_a_name_that_is_taken_is_refused_in_words(
    collection: Collection, client: Client, admin: User
) -> None:
    client.force_login(admin)
    answer = client.post(reverse("collection-new"), {"name": "Handbook"})

    assert "There is a collection of this name already." in answer.content.decode()
    assert Collection.objects.count() == 1


@pytest.mark.parametrize("group", ["999999", "x", str(2**70), "-1", "\0"])
def test_a_group_that_is_not_there_is_refused_in_words(
    client: Client, admin: User, group: str
) -> None:
    client.force_login(admin)
    sent = {"name": "Handbook", "readers": [admin.groups.get().pk, group]}
    answer = client.post(reverse("collection-new"), sent)

    assert "is not one of the available choices" in answer.content.decode()
    assert not Collection.objects.exists()


def test_an_admin_changes_who_may_read(collection: Collection, client: Client, admin: User) -> None:
    client.force_login(admin)
    client.post(reverse("collection-edit", args=[collection.pk]), {"name": "Staff handbook"})

    collection.refresh_from_db()
    assert collection.name == "Staff handbook"
    assert not collection.readers.exists()


def test_a_change_of_readers_leaves_what_others_wrote_meanwhile_and_a_line_in_the_log(
    collection: Collection, admin: User, caplog: pytest.LogCaptureFixture
) -> None:
    group = admin.groups.get()
    form = CollectionForm({"name": "Rules", "readers": [group.pk]}, instance=collection)
    Collection.objects.update(indexes=["vectors"], deleting=True)
    with caplog.at_level("INFO"):
        form.store(admin)

    collection.refresh_from_db()
    assert (collection.name, collection.indexes) == ("Rules", ["vectors"])
    assert collection.deleting
    assert f"{admin.username} set the readers of collection {collection.pk}: 'staff'" in caplog.text


def test_deleting_a_collection_asks_first(
    document: Document, client: Client, admin: User, queued: list[tuple[str, str]]
) -> None:
    client.force_login(admin)
    answer = client.get(reverse("collection-delete", args=[document.collection_id]))

    assert "with its 1 document" in answer.content.decode()
    assert not document.collection.deleting
    assert queued == []


def test_an_admin_deletes_a_collection(
    document: Document,
    client: Client,
    admin: User,
    queued: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.force_login(admin)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            reverse("collection-delete", args=[document.collection_id]), follow=True
        )

    assert queued == [("remove_collection", str(document.collection_id))]
    assert "Being deleted" in answer.content.decode()


# --- uploads ---------------------------------------------------------------------------------


def test_each_file_has_an_answer_of_its_own(
    collection: Collection,
    client: Client,
    admin: User,
    queued: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.force_login(admin)
    sent = files(("leave.md", HANDBOOK), ("empty.md", b""), ("copy.md", HANDBOOK))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("upload", args=[collection.pk]), sent, headers=JSON)

    document = Document.objects.get()
    first, empty, copy = answer.json()["results"]
    assert (first["name"], first["accepted"], first["id"]) == ("leave.md", True, str(document.pk))
    assert f'data-document="{document.pk}"' in first["row"]
    assert empty == {"name": "empty.md", "accepted": False, "refusal": "The file is empty."}
    assert copy["accepted"] is False
    assert queued == [("ingest_document", str(document.pk))]


def test_without_scripts_the_refused_are_named_on_the_next_page(
    collection: Collection, client: Client, admin: User
) -> None:
    client.force_login(admin)
    sent = files(("leave.md", HANDBOOK), ("empty.md", b""))
    page = client.post(reverse("upload", args=[collection.pk]), sent, follow=True)

    assert "“empty.md”: The file is empty." in page.content.decode()
    assert Document.objects.get().name == "leave.md"


def test_a_form_without_a_file_says_so(collection: Collection, client: Client, admin: User) -> None:
    client.force_login(admin)
    page = client.post(reverse("upload", args=[collection.pk]), follow=True)
    assert "No file was chosen." in page.content.decode()


def test_too_many_files_at_once_are_refused_and_nothing_is_kept(
    collection: Collection, client: Client, admin: User, media: Path, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    client.force_login(admin)
    sent = files(*((f"{n}.md", f"Words {n}".encode()) for n in range(3)))
    answer = client.post(reverse("upload", args=[collection.pk]), sent, headers=JSON)

    assert answer.status_code == 400
    assert not Document.objects.exists()
    assert not media.exists()


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>.md",
        '"><script>alert(1)</script>.md',
        "\u202egpj.exe\n<b>.md",
        "{{ 7|add:7 }}.md",
    ],
)
def test_a_hostile_name_is_shown_as_text(
    collection: Collection, client: Client, admin: User, name: str
) -> None:
    client.force_login(admin)
    sent = files((name, HANDBOOK))
    answer = client.post(reverse("upload", args=[collection.pk]), sent, headers=JSON)
    row = answer.json()["results"][0]["row"]
    page = client.get(reverse("collection", args=[collection.pk])).content.decode()

    for shown in (row, page):
        assert "<img" not in shown
        assert "<script>alert" not in shown
        assert "<b>" not in shown
        assert "\u202e" not in shown
        assert "14.md" not in shown


# --- documents -------------------------------------------------------------------------------


def test_a_failed_document_shows_why_and_can_be_retried(
    document: Document, client: Client, admin: User
) -> None:
    Document.objects.update(
        state=State.FAILED, failed_in=State.READING, reason="This PDF cannot be read."
    )
    client.force_login(admin)
    page = client.get(reverse("collection", args=[document.collection_id])).content.decode()

    assert "Failed while being read" in page
    assert "This PDF cannot be read." in page
    assert reverse("document-retry", args=[document.pk]) in page
    assert "0 of 1 ready, 1 failed" in page


def test_an_admin_retries_a_failed_document(
    document: Document,
    client: Client,
    admin: User,
    queued: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    Document.objects.update(state=State.FAILED, reason="Damaged.")
    client.force_login(admin)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("document-retry", args=[document.pk]), headers=JSON)

    assert answer.status_code == 204
    document.refresh_from_db()
    assert document.state == State.RECEIVED
    assert queued == [("ingest_document", str(document.pk))]


def test_retrying_what_has_not_failed_does_nothing(
    document: Document,
    client: Client,
    admin: User,
    queued: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    Document.objects.update(state=State.READY)
    client.force_login(admin)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("document-retry", args=[document.pk]))

    assert queued == []
    document.refresh_from_db()
    assert document.state == State.READY


def test_an_admin_retries_all_that_failed(  # noqa: PLR0913, PLR0917  fixtures
    upload: Uploading,
    collection: Collection,
    client: Client,
    admin: User,
    queued: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    failed = [upload(f"{n}.md", f"Words {n}".encode()) for n in range(2)]
    Document.objects.update(state=State.FAILED)
    upload("ready.md", b"Ready.")
    client.force_login(admin)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("collection-retry", args=[collection.pk]))

    assert {key for _, key in queued} == {str(each.pk) for each in failed}


def test_deleting_a_document_asks_first_where_there_are_no_scripts(
    document: Document, client: Client, admin: User
) -> None:
    client.force_login(admin)
    page = client.get(reverse("document-delete", args=[document.pk]))
    assert "leave.md" in page.content.decode()
    document.refresh_from_db()
    assert document.state == State.RECEIVED


def test_an_admin_deletes_a_document(
    document: Document,
    client: Client,
    admin: User,
    queued: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.force_login(admin)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("document-delete", args=[document.pk]))

    assert answer["Location"] == reverse("collection", args=[document.collection_id])
    document.refresh_from_db()
    assert document.state == State.DELETING
    assert queued == [("remove_document", str(document.pk))]


def test_a_broker_that_is_down_loses_nothing(
    collection: Collection,
    client: Client,
    admin: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def broken(_: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(tasks.ingest_document, "delay", broken)
    client.force_login(admin)
    sent = files(("leave.md", HANDBOOK))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("upload", args=[collection.pk]), sent, headers=JSON)

    assert answer.json()["results"][0]["accepted"]
    assert Document.objects.get().state == State.RECEIVED


def test_a_long_collection_is_shown_in_pages(
    collection: Collection, client: Client, admin: User
) -> None:
    Document.objects.bulk_create(
        Document(collection=collection, name=f"{n}.md", file="x", size=1, sha256=str(n))
        for n in range(201)
    )
    client.force_login(admin)
    where = reverse("collection", args=[collection.pk])
    first, second = client.get(where), client.get(where, {"page": 2})

    assert first.content.count(b"data-document=") == 200
    assert b"Page 1 of 2" in first.content
    assert second.content.count(b"data-document=") == 1


def test_the_page_costs_the_same_few_queries_however_many_documents(
    collection: Collection,
    client: Client,
    admin: User,
    django_assert_max_num_queries: pytest.FixtureRequest,
) -> None:
    Document.objects.bulk_create(
        Document(
            collection=collection, name=f"{n}", file="x", size=1, sha256=str(n), uploaded_by=admin
        )
        for n in range(50)
    )
    client.force_login(admin)
    with django_assert_max_num_queries(8):  # type: ignore[operator]  # the fixture's own type is private
        client.get(reverse("collection", args=[collection.pk]))
