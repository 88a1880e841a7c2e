"""The composition root, with real engines: servers, rows and models as in production."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group

from chatapp import asgi, wiring
from chatapp.accounts.models import User
from chatapp.backends.ollama import OllamaBackend
from chatapp.backends.openai import OpenAIBackend
from chatapp.catalog.models import Endpoint, LanguageModel
from chatapp.catalog.offer import Address
from chatapp.conversations.events import Ended, Judged, Passages, Started
from chatapp.conversations.turn import TurnRequest
from chatapp.library.models import Chunk, Collection, Document
from guardrails.verdict import Action, Stage, Subject
from rag.store import index_name
from tests.conversations.scripted import Played, play

CACHED = (
    wiring.station_at,
    wiring.judges,
    wiring.embedder,
    wiring.store,
    wiring.retriever,
)


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Engines of this test's settings."""
    for made in CACHED:
        made.cache_clear()
    yield
    for made in CACHED:
        made.cache_clear()


def make_chunk() -> Chunk:
    collection = Collection.objects.create(name="Handbook")
    collection.readers.add(Group.objects.get(name="staff"))
    document = Document.objects.create(
        collection=collection, name="Leave.pdf", size=1, sha256="a", state="ready"
    )
    text = "Every employee has twenty-eight days of paid leave a year."
    chunk = Chunk.objects.create(document=document, ordinal=0, text=text, page=2)
    embedder = wiring.embedder()
    index = index_name(str(collection.id), embedder.name)
    wiring.store().add(index, [chunk.vector_id], embedder.embed([text]))
    return chunk


@pytest.mark.usefixtures("redis_url", "chroma_url", "inference_url", "model_url")
def test_a_question_is_answered_from_a_document_by_the_real_engines(
    transactional_db: None, employee: User
) -> None:
    chunk = make_chunk()
    request = TurnRequest(
        "How many days of leave do I have?", collections=(str(chunk.document.collection_id),)
    )
    played = async_to_sync(_play)(request)

    ended = cast(Ended, played.events[-1])
    assert ended.status == "done", ended.reason
    started = cast(Started, played.events[0])
    assert "smollm2" in started.model.lower()
    sources = cast(Passages, played.of(Passages)[0]).sources
    assert [(each.vector_id, each.page, each.title) for each in sources] == [
        (chunk.vector_id, 2, "Leave.pdf")
    ]
    stages = [cast(Judged, event).stage for event in played.of(Judged)]
    assert {"request", "passage", "response"} <= set(stages)


async def _play(request: TurnRequest) -> Played:
    return await play(request, await database_sync_to_async(wiring.tools)())


@pytest.mark.parametrize(("kind", "made"), [("openai", OpenAIBackend), ("ollama", OllamaBackend)])
def test_a_backend_speaks_what_its_server_does(kind: str, made: type) -> None:
    address = Address(uuid4(), "gpu-1", kind, "http://gpu-1:8000")
    assert isinstance(wiring.backend_at(address), made)


def test_a_server_is_known_once_until_its_address_changes() -> None:
    address = Address(uuid4(), "gpu-1", "openai", "http://gpu-1:8000")
    assert wiring.station_at(address) is wiring.station_at(replace(address))
    assert wiring.station_at(address) is not wiring.station_at(replace(address, api_key="k"))


@pytest.mark.parametrize(
    ("parallel", "processes", "share"),
    [(None, 2, None), (4, 1, 4), (4, 2, 2), (5, 2, 3), (1, 4, 1)],
)
def test_web_processes_share_what_a_server_makes_at_once(
    settings: Any, parallel: int | None, processes: int, share: int | None
) -> None:
    settings.WEB_PROCESSES = processes
    assert wiring.share(parallel) == share


def test_the_guard_has_a_llama_guard_where_one_is_set(settings: Any, db: None) -> None:
    assert "llama-guard3:8b" not in wiring.guard().names
    assert len(wiring.guard().names) >= 2
    settings.GUARD_MODEL_URL = "http://127.0.0.1:1"
    settings.GUARD_MODEL_NAME = "llama-guard3:8b"
    wiring.judges.cache_clear()
    assert "llama-guard3:8b" in wiring.guard().names


def test_an_unknown_guard_model_is_no_guard(settings: Any, db: None) -> None:
    settings.GUARD_MODEL_URL = "http://127.0.0.1:1"
    settings.GUARD_MODEL_NAME = "mistral"
    with pytest.raises(ValueError, match="mistral"):
        wiring.guard()


def test_without_its_servers_the_guard_is_closed(settings: Any, db: None) -> None:
    settings.INFERENCE_URL = "http://127.0.0.1:1"
    decision = async_to_sync(wiring.guard().check)(Subject(Stage.REQUEST, "Hello"))
    assert decision.action is Action.BLOCK
    assert decision.failures


def test_a_page_names_no_model_while_its_server_is_away(db: None) -> None:
    Endpoint.objects.update(url="http://127.0.0.1:1")
    assert wiring.model_for_page() is None


def test_a_page_names_no_model_where_none_is_enabled(db: None) -> None:
    LanguageModel.objects.update(enabled=False)
    assert wiring.model_for_page() is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://site.example", "http://site.example:80", True),
        ("https://Site.Example", "https://site.example:443", True),
        ("https://site.example", "https://site.example:444", False),
        ("http://site.example", "https://site.example", False),
        ("http://site.example", "http://site.example.evil", False),
        ("http://site.example", "null", False),
        ("http://site.example", "http://site.example:port", False),
    ],
)
def test_origins_are_compared_as_browsers_do(one: str, other: str, same: bool) -> None:
    assert (asgi.origin_of(one) == asgi.origin_of(other)) is same
