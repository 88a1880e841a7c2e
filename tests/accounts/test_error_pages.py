"""What people see when something is refused, missing or broken."""

import pytest
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from chatapp.accounts.models import User


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret detail")


def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("secret detail")


urlpatterns = [
    path("", include("chatapp.urls")),
    path("broken/", broken),
    path("suspicious/", suspicious),
]


@pytest.fixture
def here(employee: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(employee)
    return client


def test_a_role_that_is_not_enough_is_told_so(here: Client) -> None:
    answer = here.get("/log/")
    assert answer.status_code == 403
    assert b"not for your role" in answer.content


@pytest.mark.parametrize("address", ["/nothing/here/", "/<script>alert(1)</script>/", "/log/x/"])
def test_a_missing_page_says_so_and_leads_home(here: Client, address: str) -> None:
    answer = here.get(address)
    assert answer.status_code == 404
    assert b"There is nothing here" in answer.content
    assert b'href="/"' in answer.content
    assert b"<script>alert" not in answer.content


def test_a_missing_page_needs_nobody_signed_in(client: Client, db: None) -> None:
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert b"There is nothing here" in answer.content


@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_of_ours_says_nothing_of_its_cause(here: Client) -> None:
    answer = here.get("/broken/")
    assert answer.status_code == 500
    assert b"Something went wrong here" in answer.content
    assert b"secret detail" not in answer.content


@override_settings(ROOT_URLCONF=__name__)
def test_a_request_without_sense_is_told_so(here: Client) -> None:
    answer = here.get("/suspicious/")
    assert answer.status_code == 400
    assert b"made no sense" in answer.content
    assert b"secret detail" not in answer.content


def test_every_error_page_is_under_the_content_security_policy(here: Client) -> None:
    for address in ("/log/", "/nothing/"):
        policy = here.get(address)["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe-inline" not in policy


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil"])
def test_a_request_for_another_host_is_refused(client: Client, db: None, host: str) -> None:
    answer = client.get("/sign-in/", headers={"host": host})
    assert answer.status_code == 400
    assert host.encode() not in answer.content
