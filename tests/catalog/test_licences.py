"""The register of licences, and how one is told from its first words."""

from typing import Any

import pytest
from django.test import Client

from chatapp.accounts.models import User
from chatapp.backends.facts import Facts
from chatapp.catalog.licences import BY_KEY, REGISTER, Kind, recognised
from chatapp.catalog.models import LanguageModel, Serving
from chatapp.catalog.traits import active_of

FIRST_WORDS = {
    "   Apache License\n                Version 2.0, January 2004": "Apache-2.0",
    "MIT License\n\nCopyright (c) 2023 DeepSeek": "MIT",
    "Permission is hereby granted, free of charge, to any person": "MIT",
    "Modified MIT License\n\nPermission is hereby granted, free of charge": "modified-mit-kimi-k2",
    "LLAMA 4 COMMUNITY LICENSE AGREEMENT\nLlama 4 Version Effective Date: April": "llama4",
    "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT": "llama3.1",
    "META LLAMA 3 COMMUNITY LICENSE AGREEMENT": "llama3",
    "Gemma Terms of Use \n\nLast modified: February 21, 2024": "gemma",
    "Qwen LICENSE AGREEMENT\n\nQwen LICENSE AGREEMENT Release Date": "qwen",
    "Qwen RESEARCH LICENSE AGREEMENT": "qwen-research",
    "# Mistral AI Research License\n\nIf You want to use a Mistral Model": "mistral-research",
    "DEEPSEEK LICENSE AGREEMENT\n\nVersion 1.0, 23 October 2023": "deepseek",
    "Creative Commons Attribution-NonCommercial 4.0 International": "CC-BY-NC-4.0",
}


@pytest.mark.parametrize("text", FIRST_WORDS)
def test_a_licence_is_known_by_its_first_words(text: str) -> None:
    found = recognised(text)
    assert found is not None
    assert found.key == FIRST_WORDS[text]


@pytest.mark.parametrize("text", ["", "All rights reserved.", "We permit everything", "x" * 10_000])
def test_what_is_not_in_the_register_is_not_guessed(text: str) -> None:
    assert recognised(text) is None


def test_each_entry_says_what_it_asks_and_where_it_stands() -> None:
    assert len(BY_KEY) == len(REGISTER)
    for licence in REGISTER:
        assert licence.source.startswith("https://")
        assert licence.condition.endswith(".")
        assert len(licence.key) <= 40
    assert all("700 million" in BY_KEY[f"llama{v}"].condition for v in ("2", "3", "3.1", "4"))
    assert {licence.kind for licence in REGISTER} == set(Kind)


@pytest.mark.parametrize(
    ("name", "active"),
    [
        ("Qwen3-30B-A3B-Instruct-2507", 3_000_000_000),
        ("qwen3:235b-a22b", 22_000_000_000),
        ("Qwen3.5 35B A3.5B", 3_500_000_000),
        ("llama4:scout", None),
        ("LLaMA3B", None),
    ],
)
def test_a_name_may_tell_how_many_parameters_are_active(name: str, active: int | None) -> None:
    assert active_of(name) == active


def test_the_page_tells_the_licence_and_its_condition(
    admin: User, client: Client, model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(admin)
    page = f"/models/{model.pk}/"
    assert "Licence not known" in client.get("/models/").content.decode()
    told = Facts(licence="LLAMA 3.1 COMMUNITY LICENSE AGREEMENT", parameters=8_030_261_248)
    Serving.objects.filter(model=model).update(facts=told.as_json())
    shown = client.get(page).content.decode()
    assert "Open weights" in shown
    assert "700 million monthly users" in shown
    assert "8.03 billion" in client.get("/models/").content.decode()

    sent: dict[str, Any] = {
        "name": "Qwen 3 8B", "on_change": "warn", "licence": "MIT", "licence_note": "Seen by <Mia>",
        "parameters": "30.5", "active_parameters": "3.3",
    }  # fmt: skip
    assert client.post(page, sent).status_code == 302
    model.refresh_from_db()
    assert (model.parameters, model.active_parameters) == (30_500_000_000, 3_300_000_000)
    shown = client.get(page).content.decode()
    assert "Seen by &lt;Mia&gt;" in shown
    assert "30.5 billion, 3.3 billion active" in shown
    assert 'value="30.5"' in shown
    for wrong in ({"licence": "beerware"}, {"parameters": "-1"}, {"parameters": "many"}):
        assert client.post(page, {**sent, **wrong}).status_code == 200
