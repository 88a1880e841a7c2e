"""What browsers and proxies may keep: static files, and nothing that anybody signed in to see."""

import pytest
from django.test import Client

from chatapp.accounts.models import User


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/", 200),
        ("/conversations/", 200),
        ("/account/", 200),
        ("/people/", 200),
        ("/library/", 200),
        ("/log/", 403),
        ("/nowhere/", 404),
    ],
)
def test_no_page_is_kept(client: Client, admin: User, address: str, status: int) -> None:
    client.force_login(admin)
    page = client.get(address)
    assert page.status_code == status
    assert {"no-store", "private"} <= set(page["Cache-Control"].split(", "))


def test_the_way_to_sign_in_is_not_kept_either(client: Client, db: None) -> None:
    assert "no-store" in client.get("/library/")["Cache-Control"]
    assert "no-store" in client.get("/sign-in/")["Cache-Control"]


def test_static_files_may_be_kept(client: Client) -> None:
    icon = client.get("/static/favicon.svg")
    assert icon.status_code == 200
    assert "no-store" not in icon.get("Cache-Control", "")
