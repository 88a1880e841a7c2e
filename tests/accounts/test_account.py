"""One's own account: who one is, and another password."""

from typing import Any

import pytest
from django.test import Client

from chatapp.accounts.models import User
from tests.conftest import PASSWORD

BETTER = "quite another phrase"


def change(client: Client, old: str = PASSWORD, new: str = BETTER, again: str = BETTER) -> Any:
    data = {"old_password": old, "new_password1": new, "new_password2": again}
    return client.post("/account/", data)


@pytest.fixture
def here(employee: User) -> Client:
    client = Client()
    client.force_login(employee)
    return client


def test_it_says_who_one_is(here: Client) -> None:
    page = here.get("/account/").content.decode()
    assert "emma" in page
    assert "Employee" in page
    assert "staff" in page


def test_a_name_and_a_group_are_only_text(employee: User, here: Client) -> None:
    User.objects.filter(pk=employee.pk).update(username="<img src=x>")
    employee.groups.create(name="<b>bold</b>")
    page = here.get("/account/").content.decode()
    assert "<img src=x>" not in page
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page


def test_a_new_password_ends_every_other_session(employee: User, here: Client) -> None:
    elsewhere = Client()
    elsewhere.force_login(employee)
    key = here.session.session_key

    answer = change(here)

    assert answer["Location"] == "/account/"
    assert b"Your password was changed" in here.get("/account/").content
    assert here.session.session_key != key
    assert elsewhere.get("/account/").status_code == 302
    employee.refresh_from_db()
    assert employee.check_password(BETTER)


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("not it", BETTER, BETTER),
        (PASSWORD, BETTER, "something else"),
        (PASSWORD, "password1234", "password1234"),
        (PASSWORD, "short", "short"),
    ],
)
def test_it_refuses_and_changes_nothing(
    employee: User, here: Client, old: str, new: str, again: str
) -> None:
    answer = change(here, old, new, again)
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    employee.refresh_from_db()
    assert employee.check_password(PASSWORD)


def test_it_is_for_people_who_are_signed_in(client: Client, db: None) -> None:
    assert client.get("/account/")["Location"] == "/sign-in/?next=/account/"
    assert change(client)["Location"] == "/sign-in/?next=/account/"
