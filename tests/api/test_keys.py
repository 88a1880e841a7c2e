"""API keys: made, checked, revoked."""

import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from chatapp import access
from chatapp.accounts.models import User
from chatapp.api import keys
from chatapp.api.keys import Denied, TooManyKeys, Wish, authenticate, issue, revoke, still_good
from chatapp.api.models import ApiKey, Scope
from chatapp.library.models import Collection
from tests.api.conftest import make_key


def only_key() -> ApiKey:
    return ApiKey.objects.get()


def test_a_key_is_who_made_it_and_what_it_may(employee: User) -> None:
    token = make_key(employee, Scope.CHAT)
    caller = authenticate(token)
    assert caller.person == employee
    assert caller.scopes == {"chat"}
    assert token.startswith(f"parapet_{caller.prefix}_")


def test_nothing_that_is_kept_opens_anything(employee: User) -> None:
    token = make_key(employee)
    secret = token.split("_", 2)[2]
    kept = {str(value) for value in ApiKey.objects.values().get().values()}
    assert not [value for value in kept if secret in value]
    for value in kept:
        with pytest.raises(Denied):
            authenticate(value)


def test_keys_are_long_and_never_alike(employee: User) -> None:
    made = {make_key(employee) for _ in range(10)}
    assert len(made) == 10
    assert {len(token.split("_", 2)[2]) for token in made} == {43}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda _: "parapet",
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.upper(),
        lambda token: "parapet_" + "0" * 12 + token[20:],
        lambda token: "sk-" + token,
        lambda token: token + "\n",
        lambda token: token[:30] + "\0" + token[31:],
        lambda token: token[:30] + "é" + token[31:],
    ],
)
def test_what_is_not_exactly_a_key_opens_nothing(
    employee: User, spoil: Callable[[str], str]
) -> None:
    token = make_key(employee)
    with pytest.raises(Denied, match="not known"):
        authenticate(spoil(token))


def test_a_revoked_key_opens_nothing_from_the_next_look_on(employee: User) -> None:
    token = make_key(employee)
    assert still_good(authenticate(token).key)
    revoke(only_key())
    first = only_key().revoked
    with pytest.raises(Denied, match="revoked"):
        authenticate(token)
    assert not still_good(only_key().pk)
    revoke(only_key())
    assert only_key().revoked == first


def test_an_expired_key_opens_nothing(employee: User) -> None:
    token = make_key(employee, days=7)
    ends = only_key().expires
    assert timedelta(days=6) < ends - timezone.now() < timedelta(days=8)
    ApiKey.objects.update(expires=timezone.now())
    with pytest.raises(Denied, match="expired"):
        authenticate(token)
    assert not still_good(only_key().pk)


def test_a_suspended_persons_key_opens_nothing(employee: User) -> None:
    token = make_key(employee)
    number = authenticate(token).key
    User.objects.update(is_active=False)
    with pytest.raises(Denied, match="suspended"):
        authenticate(token)
    assert not still_good(number)


def test_a_person_who_is_gone_leaves_no_key(employee: User) -> None:
    token = make_key(employee)
    employee.delete()
    with pytest.raises(Denied, match="not known"):
        authenticate(token)
    assert not still_good(1)


def test_every_refusal_compares_a_digest(employee: User, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((len(one), len(other)))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(keys, "hmac", type("spy", (), {"compare_digest": staticmethod(compare)}))
    for token in ("", "parapet_" + "0" * 12 + "_" + "x" * 43, make_key(employee)[:-1] + "-"):
        with pytest.raises(Denied):
            authenticate(token)
    assert compared == [(64, 64)] * 3


def test_it_costs_one_query_and_a_write_a_minute(
    employee: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = make_key(employee)
    assert only_key().last_used is None
    with django_assert_num_queries(2):
        authenticate(token)
    used = only_key().last_used
    assert used is not None
    with django_assert_num_queries(1):
        authenticate(token)
    ApiKey.objects.update(last_used=used - timedelta(minutes=2))
    authenticate(token)
    assert only_key().last_used != used - timedelta(minutes=2)


def test_a_person_has_a_bounded_number_of_keys(
    employee: User, team_mate: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MOST_KEYS", 2)
    make_key(team_mate)
    make_key(employee)
    make_key(employee)
    with pytest.raises(TooManyKeys):
        make_key(employee)
    revoke(access.own_keys(employee)[0])
    make_key(employee)


def test_a_key_keeps_the_collections_that_its_chats_search(employee: User) -> None:
    collection = Collection.objects.create(name="Handbook")
    collection.readers.add(Group.objects.get(name="staff"))
    issue(employee, Wish("test", (Scope.CHAT,), 7, (collection,)))
    assert list(only_key().collections.all()) == [collection]


def test_keys_are_seen_by_their_owner_alone(
    employee: User, team_mate: User, admin: User, compliance: User
) -> None:
    make_key(employee)
    assert access.own_keys(employee).count() == 1
    others: list[Any] = [team_mate, admin, compliance]
    assert not [person for person in others if access.own_keys(person).exists()]
    employee.is_active = False
    assert not access.own_keys(employee).exists()


def test_the_process_log_says_who_made_and_revoked_which_key(
    employee: User, caplog: pytest.LogCaptureFixture
) -> None:
    token = make_key(employee, "chat")
    key = ApiKey.objects.get()
    revoke(key)
    revoke(key)
    made, revoked = caplog.messages
    assert made == f"emma made the API key {key.prefix} for ['chat']"
    assert revoked == f"emma revoked the API key {key.prefix}"
    assert token not in caplog.text
