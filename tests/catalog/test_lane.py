"""A turn's way to its model."""

from uuid import uuid4

import pytest

from chatapp.backends.base import ChatRequest, Finished, Message, ServedModel, TextDelta
from chatapp.backends.errors import ModelMissing
from chatapp.catalog.lane import Lane, Station
from chatapp.catalog.offer import Address, Offer, Place
from chatapp.catalog.watch import ModelChoice
from tests.catalog.serving import Server

REQUEST = ChatRequest("qwen3:8b", (Message("user", "Hello?"),))


def offer(*names: str) -> Offer:
    places = tuple(
        Place(Address(uuid4(), name, "openai", f"http://{name}"), "qwen3:8b") for name in names
    )
    return Offer(
        uuid4(), "Qwen 3 8B", demo=False, context_tokens=8192, answer_tokens=1024, places=places
    )


async def test_it_asks_the_server_of_its_model() -> None:
    server = Server(ServedModel("other"), ServedModel("qwen3:8b", "d1", 40_960), name="gpu-1")
    lane = Lane(offer("gpu-1"), lambda _: Station(server))
    assert await lane.model() == ModelChoice(
        "qwen3:8b", "d1", demo=False, context_tokens=8192, answer_tokens=1024
    )
    assert [delta async for delta in lane.stream(REQUEST)] == [
        TextDelta("gpu-1"),
        Finished("stop"),
    ]
    assert server.requests == [REQUEST]
    assert await lane.served_models() == server.served


@pytest.mark.parametrize("nothing", [None, offer()])
async def test_without_a_model_that_is_enabled_it_says_so(nothing: Offer | None) -> None:
    lane = Lane(nothing, lambda _: Station(Server()))
    with pytest.raises(ModelMissing, match="no model is enabled"):
        await lane.model()
    with pytest.raises(ModelMissing):
        lane.stream(REQUEST)
