"""Looks at servers: what is written down of them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from chatapp import wiring
from chatapp.backends.base import ServedModel
from chatapp.backends.errors import Unreachable
from chatapp.backends.facts import Facts
from chatapp.catalog import looking
from chatapp.catalog.choice import choices_of
from chatapp.catalog.looking import look_at, look_at_all
from chatapp.catalog.models import Endpoint, LanguageModel, Look, Serving
from chatapp.catalog.offer import Address
from chatapp.catalog.standing import health_of, offered
from chatapp.catalog.tasks import look_at_servers
from chatapp.catalog.traits import facts_of
from tests.catalog.serving import Server


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Server]:
    """By the name of the endpoint; others do not answer."""
    known: dict[str, Server] = {}

    def backend_at(address: Address) -> Server:
        if address.name in known:
            return known[address.name]
        nobody = Server()
        nobody.error = Unreachable(f"{address.url}: refused")
        return nobody

    monkeypatch.setattr(wiring, "backend_at", backend_at)
    return known


def test_every_server_is_looked_at_and_one_that_is_away_hurts_no_other(
    model: LanguageModel, servers: dict[str, Server]
) -> None:
    servers["gpu-1"] = Server(ServedModel("qwen3:8b", "d1"))
    look_at_servers()
    troubles = {look.endpoint.name: look.trouble for look in Look.objects.all()}
    assert troubles["gpu-1"] == ""
    assert "refused" in troubles["From the settings"]


def test_the_first_weights_that_are_seen_are_pinned(
    model: LanguageModel, endpoint: Endpoint, servers: dict[str, Server]
) -> None:
    servers["gpu-1"] = Server(ServedModel("qwen3:8b", "d1"))
    look_at(endpoint)
    serving = model.servings.get()
    assert (serving.pin, serving.found, serving.changed) == ("d1", "d1", False)
    servers["gpu-1"].served = (ServedModel("qwen3:8b", "d2"),)
    look_at(endpoint)
    serving.refresh_from_db()
    assert (serving.pin, serving.found, serving.changed) == ("d1", "d2", True)


def test_whichever_is_served_first_is_pinned_to_nothing(
    of_settings: LanguageModel, servers: dict[str, Server]
) -> None:
    servers["From the settings"] = Server(ServedModel("m", "d1"))
    look_at_servers()
    serving = of_settings.servings.get()
    assert (serving.pin, serving.found) == ("", "d1")


def test_a_model_that_is_served_no_more_is_missing(
    model: LanguageModel, endpoint: Endpoint, servers: dict[str, Server]
) -> None:
    servers["gpu-1"] = Server(ServedModel("other"))
    look_at(endpoint)
    (shown,) = offered(LanguageModel.objects.filter(pk=model.pk))
    assert shown.places[0].words == "Not served any more"
    servers["gpu-1"].served = (ServedModel("qwen3:8b"),)
    look_at(endpoint)
    (shown,) = offered(LanguageModel.objects.filter(pk=model.pk))
    assert shown.places[0].words == "Not pinned: its server names no weights"


def test_a_server_that_is_silent_is_not_waited_for(
    endpoint: Endpoint, servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LOOK_SECONDS", 0.05)
    servers["gpu-1"] = Server()
    servers["gpu-1"].gate.clear()
    assert look_at(endpoint).trouble == "It has not answered in 0.05 seconds."


def test_a_key_that_cannot_be_read_is_trouble(
    endpoint: Endpoint, servers: dict[str, Server], settings: Settings
) -> None:
    servers["gpu-1"] = Server(ServedModel("qwen3:8b"))
    settings.SECRET_KEY = "another key of the site, which is long enough"
    assert "give the key again" in look_at(endpoint).trouble
    assert servers["gpu-1"].asked == 0


def test_looks_of_long_ago_are_dropped(endpoint: Endpoint, servers: dict[str, Server]) -> None:
    old = Look.objects.create(endpoint=endpoint, milliseconds=1)
    Look.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=2))
    look_at_all([endpoint])
    assert not Look.objects.filter(pk=old.pk).exists()


def test_the_sparkline_shows_the_latest_looks_oldest_first(endpoint: Endpoint) -> None:
    for number in range(70):
        Look.objects.create(endpoint=endpoint, milliseconds=number, trouble="x" * (number == 69))
    health = health_of(endpoint)
    assert health.latest is not None
    assert health.latest.milliseconds == 69
    assert [bar.x for bar in health.bars] == list(range(0, 240, 4))
    assert [bar.well for bar in health.bars] == [True] * 59 + [False]
    assert health.words == "59 of the last 60 looks were answered"


def test_how_a_place_stands_is_said(model: LanguageModel) -> None:
    def words(**changes: object) -> str:
        Serving.objects.filter(model=model).update(**changes)
        (shown,) = offered(LanguageModel.objects.filter(pk=model.pk))
        return shown.places[0].words

    assert words() == "Not seen yet"
    assert words(pin="d1", found="d1") == "As pinned"
    assert words(found="d2") == "Other weights: withheld"
    LanguageModel.objects.update(on_change="warn")
    assert words() == "Other weights: still used"
    assert words(pin="", name="") == "Not pinned: whichever its server names first"


def test_what_a_server_tells_of_a_model_is_kept(
    model: LanguageModel, endpoint: Endpoint, servers: dict[str, Server]
) -> None:
    told = Facts(parameters=8_190_735_360, sees=True)
    servers["gpu-1"] = Server(ServedModel("qwen3:8b", "d1", facts=told))
    look_at(endpoint)
    assert facts_of(model.servings.all()) == told
    (choice,) = choices_of(LanguageModel.objects.filter(pk=model.pk))
    assert choice.sees
    LanguageModel.objects.filter(pk=model.pk).update(sees=False)
    (choice,) = choices_of(LanguageModel.objects.filter(pk=model.pk))
    assert not choice.sees, "the admin says otherwise"
