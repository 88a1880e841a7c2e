"""What a turn is told of a model."""

import logging
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from chatapp.catalog.models import Endpoint, LanguageModel
from chatapp.catalog.rows import address_of, offer_of
from chatapp.catalog.secret import Unreadable
from tests.catalog.conftest import KEY


def test_a_model_comes_with_its_server_and_key(
    model: LanguageModel, endpoint: Endpoint, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        offer = offer_of(model.id)
    assert offer is not None
    (place,) = offer.places
    assert (offer.name, place.name) == ("Qwen 3 8B", "qwen3:8b")
    assert (place.address.url, place.address.kind) == (endpoint.url, "ollama")
    assert place.address.api_key == KEY


def test_without_an_id_it_is_the_first(model: LanguageModel, of_settings: LanguageModel) -> None:
    first = offer_of(None)
    assert first is not None
    assert first.id == of_settings.id
    LanguageModel.objects.filter(pk=model.pk).update(position=-1)
    first = offer_of(None)
    assert first is not None
    assert first.id == model.id


def test_one_that_is_not_enabled_is_none(model: LanguageModel) -> None:
    LanguageModel.objects.update(enabled=False)
    assert offer_of(model.id) is None
    assert offer_of(None) is None
    assert offer_of(uuid4()) is None


def test_the_key_of_the_settings_comes_from_them(db: None, settings: Settings) -> None:
    settings.MODEL_API_KEY = "sk-1"
    assert address_of(Endpoint.objects.get(from_settings=True)).api_key == "sk-1"


def test_no_representation_has_the_key(model: LanguageModel) -> None:
    assert KEY not in repr(offer_of(model.id))


def test_a_server_whose_key_cannot_be_read_is_left_out_and_told(
    model: LanguageModel, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SECRET_KEY = "another key of the site, which is long enough"
    with caplog.at_level(logging.WARNING):
        offer = offer_of(model.id)
    assert offer is not None
    assert offer.places == ()
    assert "key of the model server 'gpu-1' cannot be read" in caplog.text
    with pytest.raises(Unreadable):
        address_of(model.servings.get().endpoint)
