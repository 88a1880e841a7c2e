"""The page of one's API keys."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from chatapp.accounts.models import User
from chatapp.api import keys
from chatapp.api.keys import authenticate, reason_against
from chatapp.api.models import ApiKey
from chatapp.library.models import Collection
from tests.api.conftest import make_key

PAGE = "/account/keys/"
TOKEN = re.compile(r"parapet_[0-9a-f]{12}_[\w-]{43}")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def here(employee: User) -> Client:
    return signed_in(employee)


def make(client: Client, **changes: Any) -> Any:
    return client.post(PAGE, {"name": "A script", "scopes": ["chat"], "days": "90", **changes})


def words(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def collections(employee: User) -> tuple[Collection, Collection]:
    """One that the employee may read, and one that they may not."""
    mine = Collection.objects.create(name="Handbook")
    mine.readers.add(Group.objects.get(name="staff"))
    return mine, Collection.objects.create(name="Board papers")


def test_a_new_key_is_shown_once_and_works(here: Client, employee: User) -> None:
    answer = make(here)
    found = TOKEN.findall(words(answer))
    assert len(found) == 1
    assert authenticate(found[0]).person == employee
    assert authenticate(found[0]).scopes == {"chat"}
    assert "no-store" in answer["Cache-Control"]

    again = words(here.get(PAGE))
    assert not TOKEN.search(again)
    assert f"parapet_{ApiKey.objects.get().prefix}" in again
    assert "A script" in again


def test_a_key_searches_what_was_chosen_of_what_its_owner_reads(
    here: Client, collections: tuple[Collection, Collection]
) -> None:
    mine, hidden = collections
    assert "Handbook" in words(here.get(PAGE))
    assert "Board papers" not in words(here.get(PAGE))
    make(here, collections=[str(mine.pk)])
    assert list(ApiKey.objects.get().collections.all()) == [mine]
    assert "errorlist" in words(make(here, collections=[str(hidden.pk)]))
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "nul\0"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["collections:write"]},
        {"days": "0"},
        {"days": "10000"},
        {"days": ""},
        {"collections": ["no id"]},
    ],
)
def test_a_form_that_makes_no_sense_makes_no_key(here: Client, changes: dict[str, Any]) -> None:
    answer = make(here, **changes)
    assert answer.status_code == 200
    assert "errorlist" in words(answer)
    assert not ApiKey.objects.exists()


def test_only_admins_are_offered_to_change_collections(admin: User, here: Client) -> None:
    assert "collections:write" not in words(here.get(PAGE))
    assert "collections:write" in words(signed_in(admin).get(PAGE))
    make(signed_in(admin), scopes=["collections:write"])
    assert ApiKey.objects.get().scopes == ["collections:write"]


def test_too_many_keys_are_refused_in_words(here: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_KEYS", 1)
    make(here)
    assert "Revoke one first" in words(make(here))
    assert ApiKey.objects.count() == 1


def test_revoking_takes_effect_at_once_and_stays_to_be_seen(here: Client, employee: User) -> None:
    make_key(employee)
    key = ApiKey.objects.get()
    answer = here.post(f"{PAGE}{key.pk}/revoke/", follow=True)
    key.refresh_from_db()
    assert reason_against(key)
    assert "was revoked" in words(answer)
    assert ">Revoked<" in words(answer)
    assert f"{PAGE}{key.pk}/revoke/" not in words(answer)


def test_an_expired_key_is_marked(here: Client, employee: User) -> None:
    make_key(employee, days=0)
    assert ">Expired<" in words(here.get(PAGE))


def test_nobody_sees_or_revokes_anothers_key(
    employee: User, team_mate: User, stranger: User, admin: User, compliance: User
) -> None:
    make_key(employee)
    key = ApiKey.objects.get()
    for person in (team_mate, stranger, admin, compliance):
        client = signed_in(person)
        assert key.prefix not in words(client.get(PAGE)), person
        assert client.post(f"{PAGE}{key.pk}/revoke/").status_code == 404, person
    key.refresh_from_db()
    assert not reason_against(key)


def test_it_is_for_people_who_are_signed_in(db: None) -> None:
    client = Client()
    assert client.get(PAGE)["Location"] == f"/sign-in/?next={PAGE}"
    assert make(client)["Location"] == f"/sign-in/?next={PAGE}"
    assert client.post(f"{PAGE}1/revoke/")["Location"].startswith("/sign-in/")
    assert not ApiKey.objects.exists()


def test_a_form_of_another_site_makes_and_revokes_nothing(employee: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(employee)
    make_key(employee)
    assert make(client).status_code == 403
    assert client.post(f"{PAGE}{ApiKey.objects.get().pk}/revoke/").status_code == 403
    assert ApiKey.objects.filter(revoked=None).count() == 1


def test_it_is_led_to_from_the_account_and_names_are_only_text(
    here: Client, employee: User
) -> None:
    assert PAGE in words(here.get("/account/"))
    make(here, name="<img src=x>")
    page = words(here.get(PAGE))
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page
