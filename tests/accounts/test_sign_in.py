"""Signing in and out: throttled, without an open redirect, with a session of one's own."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import get_user
from django.test import Client
from django.utils.timezone import now

from chatapp.accounts.models import User
from tests.conftest import PASSWORD

FOREIGN = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https:evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "\x08//evil.example",
    " //evil.example",
    "%2F%2Fevil.example",
]


def sign_in(client: Client, name: str = "emma", password: str = PASSWORD, **data: str) -> Any:
    return client.post("/sign-in/", {"username": name, "password": password, **data})


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_page_has_no_navigation_and_one_form(client: Client, db: None) -> None:
    page = client.get("/sign-in/").content.decode()
    assert "Sign in to Parapet" in page
    assert page.count("<form") == 1
    assert "<nav" not in page


def test_a_person_signs_in_and_lands_where_they_were_going(client: Client, employee: User) -> None:
    answer = client.get("/account/")
    assert answer["Location"] == "/sign-in/?next=/account/"

    answer = sign_in(client, next="/account/")

    assert answer.status_code == 302
    assert answer["Location"] == "/account/"
    assert is_signed_in(client)


@pytest.mark.parametrize("target", FOREIGN)
def test_it_never_leads_to_another_site(client: Client, employee: User, target: str) -> None:
    for answer in (sign_in(client, next=target), client.get("/sign-in/", {"next": target})):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
        assert answer["Location"][1:2] not in ("/", "\\")
        assert "evil" not in answer["Location"] or answer["Location"].startswith("/sign-in/")


def refused_words(answer: Any) -> str:
    assert answer.status_code == 200
    page: str = answer.content.decode()
    return page.partition('role="alert"')[2].partition("</div>\n")[0]


def test_it_does_not_say_which_part_is_wrong(
    client: Client, employee: User, stranger: User
) -> None:
    User.objects.filter(pk=stranger.pk).update(is_active=False)

    wrong_password = refused_words(sign_in(client, "emma", "not it"))
    no_such_person = refused_words(sign_in(client, "nobody", PASSWORD))
    suspended = refused_words(sign_in(client, "sam", PASSWORD))

    assert "do not match" in wrong_password
    assert wrong_password == no_such_person == suspended


@pytest.mark.parametrize("name", ["", "em\0ma", "x" * 5000, "<script>alert(1)</script>"])
def test_a_senseless_name_is_refused(client: Client, employee: User, name: str) -> None:
    answer = sign_in(client, name)
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content
    assert not is_signed_in(client)


def test_an_empty_password_never_signs_in(client: Client, employee: User) -> None:
    employee.set_unusable_password()
    employee.save()
    assert sign_in(client, password="").status_code == 200
    assert not is_signed_in(client)


def fail(client: Client, times: int, name: str = "emma") -> Any:
    answers = [
        client.post("/sign-in/", {"username": name, "password": "not it"}) for _ in range(times)
    ]
    return answers[-1]


def test_too_many_failures_pause_signing_in_and_say_for_how_long(
    client: Client, employee: User
) -> None:
    assert fail(client, settings.AXES_FAILURE_LIMIT - 1).status_code == 200

    answer = fail(client, 1)

    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert b"paused here for 15 minutes" in answer.content
    assert sign_in(client).status_code == 429, "the right password does not end the pause"
    assert not is_signed_in(client)


def test_a_pause_is_for_one_name_at_one_address(
    client: Client, employee: User, team_mate: User
) -> None:
    fail(client, settings.AXES_FAILURE_LIMIT)

    assert sign_in(client, "tom").status_code == 302
    elsewhere = Client(REMOTE_ADDR="10.0.0.7")
    assert sign_in(elsewhere).status_code == 302


def test_a_forged_address_header_does_not_end_a_pause(client: Client, employee: User) -> None:
    fail(client, settings.AXES_FAILURE_LIMIT)
    forged = {"X-Forwarded-For": "10.9.9.9", "X-Real-IP": "10.9.9.9", "User-Agent": "other"}
    answer = client.post("/sign-in/", {"username": "emma", "password": PASSWORD}, headers=forged)
    assert answer.status_code == 429


def test_a_pause_ends_and_trying_meanwhile_does_not_prolong_it(
    client: Client, employee: User
) -> None:
    fail(client, settings.AXES_FAILURE_LIMIT)
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=14))
    assert sign_in(client).status_code == 429
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=16))
    assert sign_in(client).status_code == 302


def test_the_session_key_changes_at_sign_in(client: Client, employee: User) -> None:
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = session.session_key

    sign_in(client)

    assert client.session.session_key != before
    assert is_signed_in(client)
    assert not is_signed_in(with_session(before))


def with_session(key: str | None) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(key)
    return client


def test_another_persons_sign_in_does_not_inherit_the_session(
    client: Client, employee: User, team_mate: User
) -> None:
    sign_in(client)
    session = client.session
    session["draft"] = "emma's"
    session.save()

    client.post("/sign-out/")
    sign_in(client, "tom")

    assert "draft" not in client.session


def test_signing_out_ends_the_session_wherever_its_cookie_is(
    client: Client, employee: User
) -> None:
    sign_in(client)
    copy = with_session(client.session.session_key)
    assert is_signed_in(copy)

    answer = client.post("/sign-out/")

    assert answer["Location"] == "/sign-in/"
    assert not is_signed_in(copy)
    assert not is_signed_in(client)


def test_signing_out_takes_a_post_with_a_token(employee: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(employee)

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 403
    assert is_signed_in(client)


def test_signing_out_when_signed_out_leads_to_sign_in(client: Client, db: None) -> None:
    assert client.post("/sign-out/")["Location"] == "/sign-in/"


def test_a_suspended_persons_session_ends_at_once(client: Client, employee: User) -> None:
    client.force_login(employee)
    assert is_signed_in(client)
    User.objects.filter(pk=employee.pk).update(is_active=False)
    assert not is_signed_in(client)
    assert get_user(client).is_anonymous


def test_a_part_of_a_page_asked_for_after_the_session_ended_reloads_the_page(
    client: Client, db: None
) -> None:
    answer = client.get("/account/", headers={"HX-Request": "true"}, follow=True)
    assert answer["HX-Refresh"] == "true"
    assert answer.content == b""


def test_sign_in_is_refused_without_a_token_and_says_what_to_do(employee: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = sign_in(client)
    assert answer.status_code == 403
    assert b"Go back, load the page anew" in answer.content


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(
    client: Client, employee: User
) -> None:
    sign_in(client)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
