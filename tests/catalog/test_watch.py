"""The model is found out from its server, within the limits of both."""

import asyncio

import pytest

from chatapp.backends.base import ServedModel
from chatapp.backends.errors import ModelMissing, Unreachable
from chatapp.catalog.watch import FRESH_SECONDS, ModelChoice, Wanted, Watch, limited, named
from tests.catalog.serving import Server


def test_without_a_name_it_is_the_first_that_is_served() -> None:
    first = ServedModel("first", "d1", 8192)
    assert named((first, ServedModel("second")), "") == first


@pytest.mark.parametrize("name", ["gemma3", "gemma3:latest"])
def test_the_named_one_is_found(name: str) -> None:
    wanted = ServedModel("gemma3:latest", "d2")
    assert named((ServedModel("other"), wanted), name) == wanted


@pytest.mark.parametrize("served", [(), (ServedModel("gemma3:4b"), ServedModel("gemma3n"))])
def test_one_that_is_not_served_is_missing(served: tuple[ServedModel, ...]) -> None:
    with pytest.raises(ModelMissing, match="gemma3 is not served"):
        named(served, "gemma3")


def test_a_server_without_models_has_none_to_answer() -> None:
    with pytest.raises(ModelMissing, match="any model"):
        named((), "")


@pytest.mark.parametrize(
    ("most", "context", "expected"),
    [
        (4096, 2048, (2048, 512)),
        (4096, 600, (600, 300)),
        (4096, None, (4096, 512)),
        (None, 131_072, (131_072, 512)),
        (None, None, (4096, 512)),
    ],
)
def test_limits_fit_the_model_and_what_is_wanted(
    most: int | None, context: int | None, expected: tuple[int, int]
) -> None:
    wanted = Wanted(demo=False, context_tokens=most, answer_tokens=512)
    choice = limited(ServedModel("small", "", context), wanted)
    assert (choice.context_tokens, choice.answer_tokens) == expected


@pytest.mark.parametrize(
    ("served", "told"),
    [
        (ServedModel("m", "d1", revision="root=m"), "d1"),
        (ServedModel("m", revision="root=m"), "root=m"),
        (ServedModel("m"), ""),
    ],
)
def test_an_answer_names_its_weights_by_the_best_that_is_told(
    served: ServedModel, told: str
) -> None:
    wanted = Wanted(demo=True, context_tokens=512, answer_tokens=16)
    assert limited(served, wanted) == ModelChoice(
        "m", told, demo=True, context_tokens=512, answer_tokens=16, answer_most=16
    )


@pytest.mark.parametrize(
    ("longest", "kept_free", "most"),
    [(512, 512, 512), (6000, 4096, 6000), (99_999, 4096, 8192), (None, 4096, 8192)],
)
def test_an_answer_may_take_what_the_prompt_leaves(
    longest: int | None, kept_free: int, most: int
) -> None:
    wanted = Wanted(demo=False, context_tokens=None, answer_tokens=longest)
    choice = limited(ServedModel("m", "", 8192), wanted)
    assert (choice.answer_tokens, choice.answer_most) == (kept_free, most)


async def test_the_answer_is_remembered_for_a_while() -> None:
    server = Server(ServedModel("first"))
    watch = Watch(server, server.clock)
    await watch.served()
    server.served = (ServedModel("second"),)
    server.time = FRESH_SECONDS
    assert (await watch.served())[0].name == "first"
    server.time += 0.1
    assert (await watch.served())[0].name == "second"
    assert server.asked == 2


async def test_a_failure_is_not_remembered() -> None:
    server = Server(ServedModel("first"))
    server.error = Unreachable("down")
    watch = Watch(server, server.clock)
    with pytest.raises(Unreachable):
        await watch.served()
    server.error = None
    assert (await watch.served())[0].name == "first"


async def test_nobody_waits_while_another_asks_again() -> None:
    server = Server(ServedModel("first"))
    watch = Watch(server, server.clock)
    await watch.served()
    server.time = FRESH_SECONDS + 1
    server.gate.clear()
    asking = asyncio.create_task(watch.served())
    await asyncio.sleep(0)
    assert (await watch.served())[0].name == "first"
    server.gate.set()
    await asking
    assert server.asked == 2
