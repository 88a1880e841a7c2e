"""Fixtures of the library's tests: a folder for files, a collection, and engines."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from chatapp.accounts.models import User
from chatapp.library.models import Collection, Document
from chatapp.library.services.ingest import Engines
from chatapp.library.services.receive import receive
from tests.library.fakes import HashEmbedder, MemoryStore, WordGuard

HANDBOOK = b"# Leave\n\nEverybody has 27 days of leave.\n\n# Travel\n\nTrains come first.\n"

Uploading = Callable[..., Document]


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Where this test's files go; a channel layer that needs no server, quick passwords."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    folder = tmp_path / "documents"
    settings.MEDIA_ROOT = folder
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    return folder


@pytest.fixture
def collection(employee: User) -> Collection:
    """Read by "staff", the group of ``employee``, ``team_mate`` and ``admin``."""
    made = Collection.objects.create(name="Handbook")
    made.readers.add(Group.objects.get(name="staff"))
    return made


@pytest.fixture
def upload(collection: Collection, admin: User) -> Uploading:
    def put(name: str = "leave.md", data: bytes = HANDBOOK) -> Document:
        received = receive(collection, SimpleUploadedFile(name, data), admin)
        assert received.accepted, received.refusal
        assert received.document is not None
        return received.document

    return put


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def guard() -> WordGuard:
    return WordGuard()


@pytest.fixture
def engines(store: MemoryStore, embedder: HashEmbedder, guard: WordGuard) -> Engines:
    return Engines(store, embedder, guard)
