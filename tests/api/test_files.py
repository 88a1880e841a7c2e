"""Files that are sent: kept, listed, given back, and erased."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from channels.db import database_sync_to_async
from django.core.files.base import ContentFile
from django.utils import timezone
from openai import AsyncOpenAI, NotFoundError, PermissionDeniedError
from pytest_django import Settings

from chatapp.accounts.models import User
from chatapp.library.models import Batch, Collection, Document, Upload
from chatapp.library.services import uploads
from tests.api.conftest import make_key
from tests.api.test_gate import is_an_error

TEXT = b"# Leave\n\nEverybody has 27 days of leave.\n"


@pytest.fixture
async def client(address: str, admin_key: str) -> AsyncIterator[AsyncOpenAI]:
    """The official client, with an admin's key."""
    async with AsyncOpenAI(api_key=admin_key, base_url=address, max_retries=0) as client:
        yield client


@pytest.fixture
async def http(address: str, admin_key: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {admin_key}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        yield client


def stored(media: Path) -> list[Path]:
    """Every file of this test."""
    return [path for path in media.rglob("*") if path.is_file()]


async def send(client: AsyncOpenAI, name: str = "leave.md", data: bytes = TEXT) -> Any:
    return await client.files.create(file=(name, data), purpose="assistants")


async def put(http: httpx.AsyncClient, data: bytes = TEXT) -> httpx.Response:
    form = {"purpose": "assistants"}
    return await http.post("/files", files={"file": ("a.md", data)}, data=form)


async def test_a_file_that_is_sent_can_be_seen_and_is_given_back(
    client: AsyncOpenAI, media: Path
) -> None:
    sent = await send(client, "../../Leave “2026”.md")
    assert (sent.object, sent.filename, sent.bytes) == ("file", "Leave “2026”.md", len(TEXT))
    assert sent.expires_at - sent.created_at == 24 * 3600
    assert await client.files.retrieve(sent.id) == sent
    assert (await client.files.content(sent.id)).content == TEXT
    assert [path.read_bytes() for path in stored(media)] == [TEXT]


async def test_what_is_given_back_is_never_shown_as_a_page(
    client: AsyncOpenAI, http: httpx.AsyncClient
) -> None:
    sent = await send(client, "x.html", b"<script>alert(1)</script>")
    answer = await http.get(f"/files/{sent.id}/content")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''x.html"


async def test_a_file_that_is_deleted_is_gone_with_its_documents(
    client: AsyncOpenAI, media: Path, collection: Collection
) -> None:
    sent = await send(client)
    await client.vector_stores.files.create(str(collection.pk), file_id=sent.id)
    gone = await client.files.delete(sent.id)
    assert gone.deleted
    assert [path.parent.name for path in stored(media)] == [collection.pk.hex]
    assert (await Document.objects.aget()).state == "deleting"
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(NotFoundError):
            await call(sent.id)


async def test_they_are_listed_in_pages_in_either_order(
    client: AsyncOpenAI, http: httpx.AsyncClient
) -> None:
    sent = [(await send(client, f"{n}.md", bytes(f"text {n}", "ascii"))).id for n in range(5)]
    assert [each.id async for each in client.files.list(limit=2)] == sent[::-1]
    assert [each.id async for each in client.files.list(limit=2, order="asc")] == sent
    first = (await http.get("/files", params={"limit": 3, "order": "asc"})).json()
    assert (first["first_id"], first["last_id"], first["has_more"]) == (sent[0], sent[2], True)
    assert [each async for each in client.files.list(purpose="user_data")] == []


NO_PAGES: list[tuple[dict[str, Any], int]] = [
    ({"limit": 0}, 400),
    ({"limit": -1}, 400),
    ({"limit": 10**30}, 400),
    ({"limit": "9" * 5000}, 400),
    ({"order": "sideways"}, 400),
    ({"purpose": "fine-tune"}, 400),
    ({"after": "nul\0"}, 404),
    ({"after": "00000000-0000-0000-0000-000000000000"}, 404),
]


async def test_a_page_that_makes_no_sense_is_refused(http: httpx.AsyncClient) -> None:
    for query, status in NO_PAGES:
        error = is_an_error(await http.get("/files", params=query), status)
        assert error["param"] == next(iter(query))


BOUNDED = {"content-type": "multipart/form-data; boundary=x"}
NO_FORMS: list[tuple[dict[str, Any], str | None]] = [
    ({"files": {"file": ("a.md", b"")}, "data": {"purpose": "assistants"}}, "file"),
    ({"files": {"file": ("a.md", TEXT)}}, "purpose"),
    ({"files": {"file": ("a.md", TEXT)}, "data": {"purpose": "fine-tune"}}, "purpose"),
    ({"files": {"other": ("a.md", TEXT)}, "data": {"purpose": "assistants"}}, "file"),
    ({"data": {"purpose": "assistants", "file": "words"}}, "file"),
    (
        {
            "files": {"file": ("a.md", TEXT)},
            "data": {"purpose": "assistants", "expires_after[seconds]": "3600"},
        },
        "expires_after",
    ),
    ({"json": {"purpose": "assistants"}}, None),
    ({"content": b"", "headers": {"content-type": "multipart/form-data"}}, None),
    (
        {"content": b"\xff\xfe", "headers": BOUNDED},
        None,
    ),
]


async def test_a_form_that_makes_no_sense_leaves_nothing(
    http: httpx.AsyncClient, media: Path
) -> None:
    for sent, param in NO_FORMS:
        error = is_an_error(await http.post("/files", **sent), 400)
        assert (error["param"] or "").startswith(param or ""), sent
    assert not await Upload.objects.aexists()
    assert stored(media) == []


async def test_a_file_that_is_too_large_leaves_nothing(
    http: httpx.AsyncClient, media: Path, settings: Settings
) -> None:
    settings.UPLOAD_MAX_MB = 1
    answer = await put(http, b"x" * 1_100_000)
    assert is_an_error(answer, 413)["param"] == "file"
    assert stored(media) == []


async def test_a_row_that_cannot_be_written_leaves_no_file(
    http: httpx.AsyncClient, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Upload.objects, "create", lambda **_: 1 / 0)
    is_an_error(await put(http), 500)
    assert stored(media) == []


async def test_files_are_for_whoever_sent_them(client: AsyncOpenAI, address: str) -> None:
    sent = await send(client)
    other = await database_sync_to_async(another_admin)()
    async with AsyncOpenAI(api_key=other, base_url=address, max_retries=0) as stranger:
        assert [each async for each in stranger.files.list()] == []
        for call in (stranger.files.retrieve, stranger.files.content, stranger.files.delete):
            for name in (sent.id, "file-abc", "nul\0"):
                with pytest.raises(NotFoundError):
                    await call(name)
    assert await client.files.retrieve(sent.id) == sent


def another_admin() -> str:
    return make_key(User.objects.create_user("bo", role="admin"))


async def test_others_may_not_send_any(
    address: str, media: Path, admin: User, employee: User
) -> None:
    for person, scopes in ((admin, ("collections:read", "chat")), (employee, ())):
        key = await database_sync_to_async(make_key)(person, *scopes)
        async with AsyncOpenAI(api_key=key, base_url=address, max_retries=0) as refused:
            with pytest.raises(PermissionDeniedError):
                await send(refused)
            with pytest.raises(PermissionDeniedError):
                await refused.files.list()
    assert stored(media) == []


async def test_an_admin_no_more_has_no_files(client: AsyncOpenAI) -> None:
    sent = await send(client)
    await User.objects.aupdate(role="employee")
    with pytest.raises(PermissionDeniedError):
        await client.files.content(sent.id)


# --- erased ---


def grown_old(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).update(created=timezone.now() - timedelta(hours=25))


def kept(admin: User, name: str = "a.md", data: bytes = TEXT) -> Upload:
    written = uploads.store(ContentFile(data, name=name))
    return uploads.keep(written, name, "assistants", admin)


@pytest.mark.django_db
def test_what_is_in_no_collection_is_erased_in_time(
    admin: User, media: Path, collection: Collection
) -> None:
    young, old, used = (kept(admin, data=bytes([65 + n])) for n in range(3))
    grown_old(old)
    grown_old(used)
    uploads.attach(used, collection)
    Batch.objects.create(collection=collection, total=1)
    Batch.objects.update(created=timezone.now() - timedelta(hours=25))
    assert uploads.erase_unused() == 1
    assert set(Upload.objects.all()) == {young, used}
    assert not Path(old.file.path).exists()
    assert not Batch.objects.exists()

    Document.objects.all().delete()
    assert uploads.erase_unused() == 1
    assert set(Upload.objects.all()) == {young}


@pytest.mark.django_db
def test_a_file_of_which_no_row_knows_is_erased_in_time(admin: User, media: Path) -> None:
    known = kept(admin)
    lost, fresh = media / "uploads" / "lost", media / "uploads" / "fresh"
    for path in (lost, fresh):
        path.write_bytes(b"x")
    past = (timezone.now() - timedelta(hours=25)).timestamp()
    for path in (lost, Path(known.file.path)):
        os.utime(path, (past, past))
    uploads.erase_unused()
    assert not lost.exists()
    assert fresh.exists()
    assert Path(known.file.path).exists()
