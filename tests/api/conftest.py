"""An API to call: the product's own application on a real port, and real clients of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group
from openai import AsyncOpenAI
from pydantic import BaseModel
from pytest_django import Settings

from chatapp.accounts.models import User
from chatapp.api import answering
from chatapp.api.keys import Wish, issue
from chatapp.api.models import Scope
from chatapp.api.vetting import Memory
from chatapp.asgi import application
from chatapp.catalog.models import LanguageModel
from chatapp.launch import ports
from chatapp.library.models import Collection
from tests.api.chatting import MODEL
from tests.conversations.conftest import Use, rows, use
from tests.conversations.scripted import until

__all__ = ["rows", "use"]  # fixtures of the conversations' tests

EVERYTHING = tuple(Scope.values)


def more(answer: BaseModel) -> dict[str, Any]:
    """What an answer has beside OpenAI's fields."""
    assert answer.model_extra is not None
    return answer.model_extra


def make_key(person: User, *scopes: str, **more: Any) -> str:
    """A key of ``person`` that may do everything, or ``scopes`` alone."""
    return issue(person, Wish("test", scopes or EVERYTHING, more.pop("days", 30), **more))


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's guard let through is nothing to the next one's."""
    monkeypatch.setattr(answering, "LET_THROUGH", Memory())


class Server(uvicorn.Server):
    """A server in the test's own event loop, which leaves signals to the test."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@pytest.fixture
async def address(rows: None, redis_url: str, use: Use) -> AsyncIterator[str]:
    """The address of ``/v1`` on a real server."""
    port = ports.free_port()
    server = Server(
        uvicorn.Config(application, port=port, log_level="warning", timeout_graceful_shutdown=2)
    )
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield f"http://127.0.0.1:{port}/v1"
    server.should_exit = True
    await task


@pytest.fixture
async def key(rows: None, employee: User) -> str:
    """A key of the employee that may do everything."""
    made: str = await database_sync_to_async(make_key)(employee)
    return made


@pytest.fixture
async def client(address: str, key: str) -> AsyncIterator[AsyncOpenAI]:
    """The official client, with the employee's key."""
    async with AsyncOpenAI(api_key=key, base_url=address, max_retries=0) as client:
        yield client


@pytest.fixture
async def http(address: str, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """A bare client, with the employee's key."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
async def named_model(rows: None) -> LanguageModel:
    """The model of the settings, by the name that the tests ask for."""
    await LanguageModel.objects.filter(from_settings=True).aupdate(name=MODEL)
    return await LanguageModel.objects.aget(name=MODEL)


# --- collections ---


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Where this test's files go."""
    folder = tmp_path / "documents"
    settings.MEDIA_ROOT = folder
    return folder


@pytest.fixture
async def admin_key(rows: None, admin: User) -> str:
    """A key of the admin that may do everything."""
    made: str = await database_sync_to_async(make_key)(admin)
    return made


@pytest.fixture
def collection(rows: None, employee: User) -> Collection:
    """Read by "staff", the group of ``employee`` and ``admin``."""
    made = Collection.objects.create(name="Handbook")
    made.readers.add(Group.objects.get(name="staff"))
    return made
