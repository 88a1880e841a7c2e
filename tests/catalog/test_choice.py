"""The models that a person may choose from, and why one cannot answer."""

from typing import Any

import pytest

from chatapp.catalog.choice import State, best, choices_of
from chatapp.catalog.models import Endpoint, LanguageModel, Look, Serving


def state(model: LanguageModel) -> State:
    (choice,) = choices_of(LanguageModel.objects.filter(pk=model.pk))
    assert bool(choice.note) is (choice.state is not State.READY)
    return choice.state


def test_a_model_that_nobody_has_looked_at_is_taken_to_be_well(model: LanguageModel) -> None:
    assert state(model) is State.READY


@pytest.mark.parametrize(
    ("serving", "look", "expected"),
    [
        ({"pin": "d1", "found": "d2"}, {}, State.WITHHELD),
        ({"missing": True}, {}, State.MISSING),
        ({}, {"trouble": "refused"}, State.AWAY),
        ({}, {"trouble": "503: Loading model", "loading": True}, State.LOADING),
        ({"pin": "d1", "found": "d1"}, {}, State.READY),
    ],
)
def test_it_stands_as_its_server_was_seen(
    model: LanguageModel, serving: dict[str, Any], look: dict[str, Any], expected: State
) -> None:
    Serving.objects.filter(model=model).update(**serving)
    Look.objects.create(endpoint=Endpoint.objects.get(name="gpu-1"), milliseconds=1, **look)
    assert state(model) is expected


def test_the_last_look_counts(model: LanguageModel, endpoint: Endpoint) -> None:
    Look.objects.create(endpoint=endpoint, milliseconds=1, trouble="refused")
    Look.objects.create(endpoint=endpoint, milliseconds=1)
    assert state(model) is State.READY


def test_other_weights_that_are_used_all_the_same_do_not_keep_it_back(model: LanguageModel) -> None:
    Serving.objects.filter(model=model).update(pin="d1", found="d2")
    LanguageModel.objects.filter(pk=model.pk).update(on_change="warn")
    assert state(model) is State.READY


def test_it_is_as_well_as_the_best_of_its_servers(model: LanguageModel) -> None:
    Serving.objects.filter(model=model).update(missing=True)
    other = Endpoint.objects.create(name="gpu-2", url="http://gpu-2")
    Serving.objects.create(model=model, endpoint=other, name="qwen3:8b")
    assert state(model) is State.READY
    assert best([]) is State.MISSING


def test_the_number_of_queries_does_not_grow(
    model: LanguageModel, endpoint: Endpoint, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        made = LanguageModel.objects.create(name=f"Model {number}")
        Serving.objects.create(model=made, endpoint=endpoint, name="m")
    with django_assert_num_queries(2):
        assert len(choices_of(LanguageModel.objects.all())) == 7
