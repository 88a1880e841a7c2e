"""The model is found out from its server, within the limits of both."""

from collections.abc import AsyncGenerator

import pytest

from chatapp.backends.base import ChatRequest, Delta, ServedModel
from chatapp.backends.errors import BackendError, ModelMissing, Unreachable
from chatapp.catalog.endpoints import FRESH_SECONDS, Endpoint, ModelChoice, Wanted

WANTED = Wanted("", demo=False, context_tokens=4096, answer_tokens=512)


class Server:
    """A backend that counts how often it is asked."""

    def __init__(self, *served: ServedModel) -> None:
        self.served = served
        self.error: BackendError | None = None
        self.asked = 0
        self.time = 0.0

    async def served_models(self) -> tuple[ServedModel, ...]:
        self.asked += 1
        if self.error:
            raise self.error
        return self.served

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        raise NotImplementedError

    def clock(self) -> float:
        return self.time


async def current(wanted: Wanted, *served: ServedModel) -> ModelChoice:
    return await Endpoint(Server(*served), wanted).current()


async def test_without_a_name_it_is_the_first_that_is_served() -> None:
    choice = await current(WANTED, ServedModel("first", "d1", 8192), ServedModel("second"))
    assert choice == ModelChoice("first", "d1", demo=False, context_tokens=4096, answer_tokens=512)


@pytest.mark.parametrize("name", ["gemma3", "gemma3:latest"])
async def test_the_named_one_is_found(name: str) -> None:
    wanted = Wanted(name, demo=True, context_tokens=4096, answer_tokens=512)
    choice = await current(wanted, ServedModel("other"), ServedModel("gemma3:latest", "d2"))
    assert (choice.name, choice.digest, choice.demo) == ("gemma3:latest", "d2", True)


@pytest.mark.parametrize("served", [(), (ServedModel("gemma3:4b"), ServedModel("gemma3n"))])
async def test_one_that_is_not_served_is_missing(served: tuple[ServedModel, ...]) -> None:
    wanted = Wanted("gemma3", demo=False, context_tokens=4096, answer_tokens=512)
    with pytest.raises(ModelMissing, match="gemma3 is not served"):
        await current(wanted, *served)


async def test_a_server_without_models_has_none_to_answer() -> None:
    with pytest.raises(ModelMissing, match="any model"):
        await current(WANTED)


@pytest.mark.parametrize(
    ("context", "expected"), [(2048, (2048, 512)), (600, (600, 300)), (None, (4096, 512))]
)
async def test_limits_fit_the_model_and_the_settings(
    context: int | None, expected: tuple[int, int]
) -> None:
    choice = await current(WANTED, ServedModel("small", "", context))
    assert (choice.context_tokens, choice.answer_tokens) == expected


async def test_the_answer_is_remembered_for_a_while() -> None:
    server = Server(ServedModel("first"))
    endpoint = Endpoint(server, WANTED, server.clock)
    await endpoint.current()
    server.served = (ServedModel("second"),)
    server.time = FRESH_SECONDS
    assert (await endpoint.current()).name == "first"
    server.time += 0.1
    assert (await endpoint.current()).name == "second"
    assert server.asked == 2


async def test_a_failure_is_not_remembered() -> None:
    server = Server(ServedModel("first"))
    server.error = Unreachable("down")
    endpoint = Endpoint(server, WANTED, server.clock)
    with pytest.raises(Unreachable):
        await endpoint.current()
    server.error = None
    assert (await endpoint.current()).name == "first"
