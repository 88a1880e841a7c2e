"""Other weights than those that were pinned: noticed at use, and withheld where that is wished."""

import logging
from dataclasses import replace
from uuid import uuid4

import pytest

from chatapp.backends.base import ServedModel
from chatapp.backends.errors import ModelChanged
from chatapp.backends.ollama import OllamaBackend
from chatapp.backends.openai import OpenAIBackend
from chatapp.catalog.dispatch import NOBODY, Dispatcher
from chatapp.catalog.lane import Lane, Network
from chatapp.catalog.offer import Address, Offer, Place
from chatapp.catalog.pins import Pins
from chatapp.catalog.station import Station
from chatapp.catalog.watch import ModelChoice
from tests.backends.asking import answering, listening
from tests.backends.recordings import whole
from tests.fakes.model_server import FakeModelServer

ADDRESS = Address(uuid4(), "gpu-1", "openai", "http://gpu-1:8000", "sk-very-secret")
PLACE = Place(ADDRESS, "qwen3:8b", pin="d1")
OFFER = Offer(uuid4(), "Qwen 3 8B", False, None, 512, (PLACE,))  # noqa: FBT003  no demonstration


def test_the_pinned_weights_pass() -> None:
    Pins().check(OFFER, PLACE, ServedModel("qwen3:8b", "d1"))


def test_others_are_withheld_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    pins = Pins()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with pytest.raises(ModelChanged, match="pinned d1, is d2"):
                pins.check(OFFER, PLACE, ServedModel("qwen3:8b", "d2"))
    assert caplog.text.count("was changed on its server") == 1
    assert ADDRESS.api_key not in caplog.text


def test_where_an_admin_only_wants_a_warning_they_answer(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Pins().check(replace(OFFER, withholds=False), PLACE, ServedModel("qwen3:8b", "d2"))
    assert "pinned d1, is d2" in caplog.text


@pytest.mark.parametrize(
    ("pin", "served"), [("", ServedModel("m", "d2")), ("d1", ServedModel("m"))]
)
def test_what_nobody_tells_has_not_changed(pin: str, served: ServedModel) -> None:
    Pins().check(OFFER, replace(PLACE, pin=pin), served)


# --- on true bytes ---------------------------------------------------------------------------


async def announced(place: Place, station: Station) -> ModelChoice:
    """The model as a turn is told of it."""
    network = Network(lambda _: station, Dispatcher())
    return await Lane(replace(OFFER, places=(place,)), NOBODY, network).model()


async def test_a_digest_of_ollama_that_changed_withholds_the_model() -> None:
    async with FakeModelServer() as server:
        station = Station(OllamaBackend(server.url))
        (served,) = await station.backend.served_models()
        assert len(served.digest) == 64
        pinned = replace(PLACE, name="fake", pin=served.digest)
        await announced(pinned, station)
        changed = replace(pinned, pin="0" * 64)
        with pytest.raises(ModelChanged):
            await announced(changed, station)


@pytest.mark.parametrize(
    ("server", "revision"),
    [
        ("vllm", "root=models/smollm2"),
        ("llamacpp", "n_params=134515008 size=96576768 ftype=Q4_1"),
    ],
)
async def test_what_servers_without_digests_tell_is_pinned(server: str, revision: str) -> None:
    async with listening(answering(whole(server, "models"))) as url:
        station = Station(OpenAIBackend(url))
        (served,) = await station.backend.served_models()
        assert (served.digest, served.revision) == ("", revision)
        pinned = replace(PLACE, name="smollm2", pin=revision)
        await announced(pinned, station)
        moved = replace(pinned, pin="root=models/another")
        with pytest.raises(ModelChanged):
            await announced(moved, station)
