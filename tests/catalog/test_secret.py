"""Keys of model servers are sealed at rest."""

import pytest
from pytest_django import Settings

from chatapp.catalog.secret import Unreadable, seal, unseal


def test_what_is_sealed_is_unsealed_and_cannot_be_read_meanwhile() -> None:
    sealed = seal("sk-schlüssel")
    assert "schl" not in sealed
    assert unseal(sealed) == "sk-schlüssel"
    assert seal("sk-schlüssel") != sealed


def test_no_key_stays_none() -> None:
    assert (seal(""), unseal("")) == ("", "")


def test_another_secret_key_cannot_read_it(settings: Settings) -> None:
    sealed = seal("sk-1")
    settings.SECRET_KEY = "another key of the site, which is long enough"
    with pytest.raises(Unreadable):
        unseal(sealed)


def test_a_fallback_key_still_reads_it(settings: Settings) -> None:
    sealed = seal("sk-1")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of the site, which is long enough"
    assert unseal(sealed) == "sk-1"


def test_what_was_never_sealed_is_not_read() -> None:
    with pytest.raises(Unreadable):
        unseal("sk-1")
