"""The sample handbook, through the same path as any upload."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files import File

from chatapp.accounts.models import User
from chatapp.library.models import Collection, Document
from chatapp.library.services.receive import receive
from chatapp.library.tasks import ingest_document
from chatapp.samples.people import EVERYONE, PEOPLE_OPERATIONS

FOLDER = settings.BASE_DIR / "sample"
READERS = {"Company handbook": EVERYONE, "People operations": PEOPLE_OPERATIONS}


def seed_library(person: User) -> list[Document]:
    """Upload the sample documents as ``person`` and have them ingested.

    May be repeated after a crash: what is there already is not taken twice.
    """
    taken = [take(collection(name, person), path, person) for name, path in sample_files()]
    for document in taken:
        ingest_document.delay(str(document.pk))
    return taken


def sample_files() -> list[tuple[str, Path]]:
    """Each sample file with the name of its collection."""
    return [(name, path) for name in READERS for path in sorted((FOLDER / name).iterdir())]


def collection(name: str, person: User) -> Collection:
    made, fresh = Collection.objects.get_or_create(name=name, defaults={"created_by": person})
    if fresh:
        made.readers.set([Group.objects.get_or_create(name=READERS[name])[0]])
    return made


def take(into: Collection, path: Path, person: User) -> Document:
    """Receive one file. Raises ValueError where it is refused: a sample must not be."""
    with path.open("rb") as opened:
        received = receive(into, File(opened, name=path.name), person)
    if received.document is None:
        raise ValueError(f"{path.name}: {received.refusal}")
    return received.document
