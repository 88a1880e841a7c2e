"""The rows follow the settings at every start, and leave alone what is the admin's."""

import logging
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from channels.db import database_sync_to_async
from django.apps import apps
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from chatapp.asgi import lifespan
from chatapp.catalog import in_step
from chatapp.catalog.apps import seed_after_migration
from chatapp.catalog.in_step import UNNAMED, keep_in_step, keep_in_step_at_start
from chatapp.catalog.licences import BY_KEY, Kind
from chatapp.catalog.models import Endpoint, LanguageModel, Serving


def of_the_settings() -> tuple[Endpoint, LanguageModel, Serving]:
    endpoint = Endpoint.objects.get(from_settings=True)
    model = LanguageModel.objects.get(from_settings=True)
    return endpoint, model, Serving.objects.get(model=model, endpoint=endpoint)


def test_a_new_database_has_the_model_of_the_settings_for_everyone(
    db: None, settings: Settings
) -> None:
    endpoint, model, serving = of_the_settings()
    assert (endpoint.kind, endpoint.url) == ("openai", settings.MODEL_URL)
    assert endpoint.parallel is None
    assert (model.name, serving.name) == (UNNAMED, "")
    assert (model.everyone, model.enabled, model.demo) == (True, True, False)
    assert (model.context_tokens, model.answer_tokens) == (4096, 512)


def test_a_key_of_the_settings_is_in_no_row(db: None, settings: Settings) -> None:
    settings.MODEL_API_KEY = "sk-1"
    keep_in_step()
    assert of_the_settings()[0].sealed_key == ""


def test_it_follows_the_settings(db: None, settings: Settings) -> None:
    settings.MODEL_KIND, settings.MODEL_URL = "ollama", "http://ollama:11434"
    settings.MODEL_NAME, settings.MODEL_IS_DEMO = "qwen3:8b", True
    settings.MODEL_PARALLEL = 4
    settings.MODEL_CONTEXT_TOKENS, settings.MODEL_ANSWER_TOKENS = 8192, 700
    for _ in range(2):
        keep_in_step()
    endpoint, model, serving = of_the_settings()
    assert (endpoint.kind, endpoint.url) == ("ollama", "http://ollama:11434")
    assert endpoint.parallel == 4
    assert (model.name, serving.name, model.demo) == ("qwen3:8b", "qwen3:8b", True)
    assert (model.context_tokens, model.answer_tokens) == (8192, 700)
    assert BY_KEY[model.licence].kind is Kind.OPEN_SOURCE
    settings.MODEL_ANSWER_TOKENS = 0
    keep_in_step()
    assert of_the_settings()[1].answer_tokens is None, "as long as the context leaves room"


def test_another_model_in_the_settings_gets_its_own_name(db: None, settings: Settings) -> None:
    for name, shown in (("qwen3:8b", "qwen3:8b"), ("gemma3:4b", "gemma3:4b"), ("", UNNAMED)):
        settings.MODEL_NAME = name
        keep_in_step()
        _, model, serving = of_the_settings()
        assert (model.name, serving.name) == (shown, name)


def test_what_an_admin_chose_stays(db: None, settings: Settings) -> None:
    LanguageModel.objects.filter(from_settings=True).update(
        name="House model", everyone=False, enabled=False, position=3
    )
    settings.MODEL_NAME = "qwen3:8b"
    keep_in_step()
    _, model, serving = of_the_settings()
    assert (model.name, serving.name) == ("House model", "qwen3:8b")
    assert (model.everyone, model.enabled, model.position) == (False, False, 3)


def test_a_name_that_is_taken_is_told_apart(
    model: LanguageModel, endpoint: Endpoint, settings: Settings
) -> None:
    settings.MODEL_NAME = model.name
    keep_in_step()
    assert of_the_settings()[1].name == f"{model.name} (from the settings)"


def test_a_name_of_any_length_fits(db: None, settings: Settings) -> None:
    settings.MODEL_NAME = "m" * 200
    keep_in_step()
    _, model, serving = of_the_settings()
    assert serving.name == "m" * 200
    assert len(model.name) < 120


def test_nothing_is_written_where_nothing_changed(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        keep_in_step()
    kinds = {query["sql"].split()[0] for query in queries}
    assert kinds == {"SAVEPOINT", "SELECT", "RELEASE"}


@pytest.fixture
def broken() -> Iterator[None]:
    with patch.object(in_step, "keep_in_step", side_effect=OperationalError("gone")):
        yield


def test_a_database_that_is_away_stops_no_start(
    broken: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        keep_in_step_at_start()
    assert "could not be taken up: gone" in caplog.text


def test_a_database_migrated_half_the_way_is_left_alone(db: None) -> None:
    LanguageModel.objects.all().delete()

    class Half:
        def get_model(self, label: str, name: str) -> Any:
            if name == "Serving":
                raise LookupError
            return apps.get_model(label, name)

    seed_after_migration(Half())  # type: ignore[arg-type]  # as much of a state as is looked at
    assert not LanguageModel.objects.exists()
    seed_after_migration()
    assert LanguageModel.objects.exists()


def test_the_migrations_are_complete(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


async def test_the_web_process_takes_the_settings_up_when_it_starts(
    transactional_db: None, settings: Settings
) -> None:
    settings.MODEL_NAME = "qwen3:8b"
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return messages.pop(0)

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    await lifespan({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    model = await LanguageModel.objects.aget(from_settings=True)
    assert model.name == "qwen3:8b"
    await database_sync_to_async(connections.close_all)()
