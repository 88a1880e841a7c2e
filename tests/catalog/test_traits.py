"""What a model can: as an admin says, else as its servers tell."""

import dataclasses

import pytest

from chatapp.backends.facts import LEVELS, SWITCH, UNKNOWN, Effort, Facts
from chatapp.catalog.models import LanguageModel
from chatapp.catalog.traits import Traits, traits_of
from tests.catalog.serving import REQUEST, Pool, serving

TOLD = Facts(sees=True, efforts=LEVELS, effort="medium")


@pytest.mark.parametrize(
    ("said", "told", "expected"),
    [
        ({}, UNKNOWN, Traits()),
        ({}, TOLD, Traits(sees=True, efforts=LEVELS, effort=Effort.MEDIUM)),
        ({"sees": False, "effort": "low"}, TOLD, Traits(efforts=LEVELS, effort=Effort.LOW)),
        ({"reasoning": "never", "effort": "low"}, TOLD, Traits(sees=True)),
        (
            {"reasoning": "switch", "effort": "off"},
            UNKNOWN,
            Traits(efforts=SWITCH, effort=Effort.OFF),
        ),
        (
            {"reasoning": "always", "opened": True},
            UNKNOWN,
            Traits(efforts=(Effort.ON,), opened=True),
        ),
    ],
)
def test_an_admin_has_the_last_word(said: dict[str, object], told: Facts, expected: Traits) -> None:
    assert traits_of(LanguageModel(**said), told) == expected


@pytest.mark.parametrize(
    ("wanted", "asked", "opened"),
    [
        (None, Effort.ON, True),
        (Effort.OFF, Effort.OFF, False),
        (Effort.HIGH, Effort.ON, True),
    ],
)
async def test_a_server_is_asked_for_what_the_model_can(
    wanted: Effort | None, asked: Effort, opened: bool
) -> None:
    pool = Pool(serving("a"))
    traits = Traits(efforts=SWITCH, effort=Effort.ON, opened=True)
    lane = pool.lane(offer=dataclasses.replace(pool.offer, traits=traits))
    await lane.model()
    async for _ in lane.stream(dataclasses.replace(REQUEST, effort=wanted)):
        pass
    (request,) = pool.servers["a"].requests
    assert (request.effort, request.opened) == (asked, opened)
