"""Receiving files: what is kept, what is refused, and what is left on disk."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import connection
from pytest_django import Settings

from chatapp.accounts.models import User
from chatapp.library.models import Collection, Document, State
from chatapp.library.services.receive import MEGABYTE, Received, receive
from tests.library.conftest import HANDBOOK


def files_in(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def test_it_keeps_the_bytes_under_a_name_of_its_own(
    collection: Collection, admin: User, media: Path
) -> None:
    received = receive(collection, SimpleUploadedFile("leave.md", HANDBOOK), admin)

    document = Document.objects.get()
    assert received == Received("leave.md", document)
    assert received.accepted
    assert document.name == "leave.md"
    assert document.state == State.RECEIVED
    assert document.size == len(HANDBOOK)
    assert document.sha256 == hashlib.sha256(HANDBOOK).hexdigest()
    assert document.uploaded_by == admin
    [path] = files_in(media)
    assert path.read_bytes() == HANDBOOK
    assert path.parent.name == collection.id.hex
    assert "leave" not in path.name


def test_the_files_are_for_the_owner_of_the_process_only(
    collection: Collection, admin: User, media: Path
) -> None:
    receive(collection, SimpleUploadedFile("leave.md", HANDBOOK), admin)

    [path] = files_in(media)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["../../../escaped.md", "/tmp/escaped.md", "..\\..\\escaped.md"])  # noqa: S108  an attack, not a path of ours
def test_a_name_is_never_a_path(
    collection: Collection, admin: User, media: Path, name: str
) -> None:
    upload = ContentFile(HANDBOOK, name="x")
    upload.name = name
    received = receive(collection, upload, admin)

    assert received.name == "escaped.md"
    assert [path.parent.parent for path in files_in(media)] == [media]


def test_the_type_that_the_browser_gives_is_not_kept(collection: Collection, admin: User) -> None:
    upload = SimpleUploadedFile("page.html", HANDBOOK, content_type="text/html")
    receive(collection, upload, admin)

    assert Document.objects.get().media_type == ""


def test_it_refuses_an_empty_file_and_keeps_nothing(
    collection: Collection, admin: User, media: Path
) -> None:
    received = receive(collection, SimpleUploadedFile("nothing.txt", b""), admin)

    assert not received.accepted
    assert received.refusal == "The file is empty."
    assert not Document.objects.exists()
    assert files_in(media) == []


def test_it_refuses_a_file_over_the_limit(
    collection: Collection, admin: User, media: Path, settings: Settings
) -> None:
    settings.UPLOAD_MAX_MB = 1
    received = receive(collection, SimpleUploadedFile("big", b"x" * (MEGABYTE + 1)), admin)

    assert received.refusal == "The file is larger than 1 MB."
    assert files_in(media) == []


def test_it_takes_a_file_of_exactly_the_limit(
    collection: Collection, admin: User, settings: Settings
) -> None:
    settings.UPLOAD_MAX_MB = 1
    assert receive(collection, SimpleUploadedFile("big", b"x" * MEGABYTE), admin).accepted


class Liar(ContentFile):  # type: ignore[type-arg]  # generic in the stub only
    """A file that says that it is small and never ends."""

    def __init__(self) -> None:
        super().__init__(b"", name="small.txt")
        self.size = 10
        self.given = 0

    def chunks(self, _: int | None = None) -> Iterator[bytes]:
        while True:
            self.given += 65536
            yield b"x" * 65536


def test_it_stops_reading_a_file_that_lies_about_its_size(
    collection: Collection, admin: User, media: Path, settings: Settings
) -> None:
    settings.UPLOAD_MAX_MB = 1
    liar = Liar()
    received = receive(collection, liar, admin)

    assert received.refusal == "The file is larger than 1 MB."
    assert liar.given <= MEGABYTE + 65536
    assert files_in(media) == []


class Breaking(ContentFile):  # type: ignore[type-arg]  # generic in the stub only
    """A file whose sender goes away."""

    def chunks(self, _: int | None = None) -> Iterator[bytes]:
        yield b"the beginning"
        raise ConnectionResetError


def test_an_upload_that_breaks_leaves_nothing(
    collection: Collection, admin: User, media: Path
) -> None:
    with pytest.raises(ConnectionResetError):
        receive(collection, Breaking(b"", name="half.txt"), admin)

    assert files_in(media) == []
    assert not Document.objects.exists()


def test_a_large_upload_that_django_put_on_disk_is_copied_not_moved(
    collection: Collection, admin: User, media: Path
) -> None:
    upload = TemporaryUploadedFile("leave.md", "text/plain", len(HANDBOOK), None)
    upload.write(HANDBOOK)
    upload.seek(0)
    with upload:
        receive(collection, upload, admin)

    assert Document.objects.get().sha256 == hashlib.sha256(HANDBOOK).hexdigest()
    assert files_in(media)[0].read_bytes() == HANDBOOK


def test_the_same_bytes_are_kept_once_and_it_says_so(
    collection: Collection, admin: User, media: Path
) -> None:
    first = receive(collection, SimpleUploadedFile("leave.md", HANDBOOK), admin)
    again = receive(collection, SimpleUploadedFile("leave.md", HANDBOOK), admin)
    renamed = receive(collection, SimpleUploadedFile("copy.md", HANDBOOK), admin)

    assert not again.accepted
    assert again.document == first.document
    assert again.refusal == "The same file is in this collection already."
    assert renamed.refusal == "The same file is in this collection already, as “leave.md”."
    assert Document.objects.count() == 1
    assert len(files_in(media)) == 1


def test_the_same_bytes_may_be_in_two_collections(collection: Collection, admin: User) -> None:
    other = Collection.objects.create(name="Other")
    assert receive(collection, SimpleUploadedFile("a.md", HANDBOOK), admin).accepted
    assert receive(other, SimpleUploadedFile("a.md", HANDBOOK), admin).accepted


def test_a_file_that_is_being_deleted_can_be_added_in_a_moment(
    collection: Collection, admin: User
) -> None:
    receive(collection, SimpleUploadedFile("leave.md", HANDBOOK), admin)
    Document.objects.update(state=State.DELETING)
    again = receive(collection, SimpleUploadedFile("leave.md", HANDBOOK), admin)

    assert "being deleted" in again.refusal


def test_a_collection_that_is_being_deleted_takes_nothing(
    collection: Collection, admin: User, media: Path
) -> None:
    Collection.objects.update(deleting=True)
    received = receive(collection, SimpleUploadedFile("leave.md", HANDBOOK), admin)

    assert received.refusal == "This collection is being deleted."
    assert files_in(media) == []


class Together(ContentFile):  # type: ignore[type-arg]  # generic in the stub only
    """A file whose last byte waits until all of its copies are as far."""

    def __init__(self, barrier: Barrier) -> None:
        super().__init__(HANDBOOK, name="leave.md")
        self.barrier = barrier

    def chunks(self, _: int | None = None) -> Iterator[bytes]:
        yield HANDBOOK
        self.barrier.wait(20)


@pytest.mark.django_db(transaction=True)
def test_the_same_bytes_sent_by_several_at_once_are_kept_once(
    collection: Collection, admin: User, media: Path
) -> None:
    senders = 4
    barrier = Barrier(senders)

    def send(_: int) -> Received:
        try:
            return receive(collection, Together(barrier), admin)
        finally:
            connection.close()

    with ThreadPoolExecutor(senders) as pool:
        received = list(pool.map(send, range(senders)))

    assert sum(each.accepted for each in received) == 1
    assert {each.document for each in received} == {Document.objects.get()}
    assert len(files_in(media)) == 1


def test_any_django_file_is_taken(collection: Collection, admin: User, tmp_path: Path) -> None:
    path = tmp_path / "leave.md"
    path.write_bytes(HANDBOOK)
    with path.open("rb") as opened:
        assert receive(collection, File(opened, name=path.name), None).accepted
