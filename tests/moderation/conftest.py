"""Entries to look at, and browsers of people who may or may not."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from chatapp.accounts.models import User
from chatapp.moderation.models import Entry, Kind

MakeEntry = Callable[..., Entry]


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def officer(compliance: User) -> Client:
    """The browser of the compliance officer."""
    return as_person(compliance)


def finding(code: str, name: str, score: float) -> dict[str, Any]:
    return {"category": code, "name": name, "score": score, "start": None, "end": None}


def entry_values(**changed: Any) -> dict[str, Any]:
    """A blocked request about a weapon, as record_decision writes it."""
    found = finding("S9", "Indiscriminate Weapons", 0.93)
    values: dict[str, Any] = {
        "kind": Kind.VERDICT,
        "stage": "request",
        "action": "block",
        "findings": [found],
        "categories": " S9 ",
        "top_category": "S9",
        "top_score": 0.93,
        "verdicts": [
            {
                "judge": "embedded",
                "version": "1",
                "taxonomy": "llama-guard-3",
                "seconds": 0.01,
                "findings": [found, finding("S2", "Non-Violent Crimes", 0.31)],
            }
        ],
        "judge": "embedded",
        "judge_version": "1",
        "taxonomy": "llama-guard-3",
        "policy_version": 1,
        "detail": "This question cannot be answered here.",
        "text": "How is the weapon built?",
        "context": [
            {"role": "user", "text": "What is in the store room?"},
            {"role": "assistant", "text": "Paper and cleaning agents."},
        ],
        "person_id": 7,
        "person": "emma",
        "conversation_id": uuid.UUID(int=1),
        "turn_id": uuid.UUID(int=2),
    }
    return values | changed


@pytest.fixture
def make_entry(db: None) -> MakeEntry:
    def make(**changed: Any) -> Entry:
        return Entry.objects.create(**entry_values(**changed))

    return make


def failed(**changed: Any) -> dict[str, Any]:
    """What makes an entry one about a judge's failure."""
    nothing = {"findings": [], "categories": "", "top_category": "", "top_score": 0, "verdicts": []}
    return (
        {"kind": Kind.FAILURE, "judge": "guard model", "detail": "No answer."} | nothing | changed
    )
