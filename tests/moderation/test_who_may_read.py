"""Every view of the log, for everyone: only compliance staff get in."""

from collections.abc import Callable

import pytest
from django.test import Client

from chatapp.accounts.models import User
from chatapp.moderation.models import Reading
from tests.moderation.conftest import MakeEntry, as_person

ADDRESSES = ["/log/", "/log/?q=weapon", "/log/{entry}/", "/log/999999/"]


@pytest.fixture
def address(request: pytest.FixtureRequest, make_entry: MakeEntry) -> str:
    return str(request.param).format(entry=make_entry().pk)


every_address = pytest.mark.parametrize("address", ADDRESSES, indirect=True)


@every_address
def test_nobody_gets_in_without_signing_in(address: str, client: Client) -> None:
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=/log/")
    assert b"weapon" not in answer.content


@every_address
@pytest.mark.parametrize("role", ["employee", "admin", "stranger"])
def test_other_roles_are_refused(address: str, role: str, request: pytest.FixtureRequest) -> None:
    person: User = request.getfixturevalue(role)
    answer = as_person(person).get(address)
    assert answer.status_code == 403
    assert b"weapon" not in answer.content
    assert not Reading.objects.exists()


@every_address
def test_flags_of_djangos_own_admin_open_nothing(address: str, admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(is_superuser=True, is_staff=True)
    assert as_person(admin).get(address).status_code == 403


@every_address
def test_suspended_compliance_staff_are_signed_out(address: str, compliance: User) -> None:
    client = as_person(compliance)
    User.objects.filter(pk=compliance.pk).update(is_active=False)
    assert client.get(address).status_code == 302
    assert not Reading.objects.exists()


@every_address
def test_a_change_of_role_counts_at_once(address: str, compliance: User) -> None:
    client = as_person(compliance)
    User.objects.filter(pk=compliance.pk).update(role="admin")
    assert client.get(address).status_code == 403


def test_compliance_staff_get_in(officer: Client, make_entry: MakeEntry) -> None:
    entry = make_entry()
    assert officer.get("/log/").status_code == 200
    assert officer.get(f"/log/{entry.pk}/").status_code == 200


@pytest.mark.parametrize("number", ["999999", str(2**63), str(10**40), "-1", "0", "x"])
def test_an_entry_that_is_not_there_is_not_found(officer: Client, number: str) -> None:
    assert officer.get(f"/log/{number}/").status_code == 404


@every_address
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_log_is_only_read(address: str, method: str, officer: Client) -> None:
    send: Callable[..., object] = getattr(officer, method)
    assert send(address).status_code == 405  # type: ignore[attr-defined]  # a test answer


@every_address
def test_nothing_of_it_is_kept_by_browsers(address: str, officer: Client) -> None:
    if "999999" not in address:
        assert "no-store" in officer.get(address)["Cache-Control"]
