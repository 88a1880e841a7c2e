"""The page of one's API keys in a real browser: copied, read aloud, on a phone and in the dark."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from chatapp.accounts.models import User
from chatapp.api.keys import Wish, authenticate, issue, revoke
from chatapp.api.models import ApiKey, Scope
from chatapp.library.models import Collection
from tests import axe
from tests.desk import Desk, chromium, desk_of

PAGE = "/account/keys/"


@pytest.fixture
def desk(live_server: LiveServer, employee: User) -> Iterator[Desk]:
    """The employee's browser; they have a key in use, with a collection, and a revoked one."""
    handbook = Collection.objects.create(name="Handbook")
    handbook.readers.add(Group.objects.get(name="staff"))
    issue(employee, Wish("Old notebook", (Scope.CHAT,), 30))
    revoke(ApiKey.objects.get())
    issue(employee, Wish("Nightly report", (Scope.CHAT, Scope.COLLECTIONS_READ), 90, (handbook,)))
    with chromium() as browser, desk_of(employee, browser, live_server) as desk:
        yield desk


def make_and_copy(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("What it is for").fill("A script")
    page.get_by_label("Chat", exact=True).check()
    page.get_by_role("button", name="Make key").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert page.get_by_label("Key", exact=True).input_value() == copied
    return copied


def complaints(page: Page) -> list[str]:
    wide = "document.documentElement.scrollWidth > innerWidth"
    return [*axe.found(page), *(["wider than the window"] if page.evaluate(wide) else [])]


def in_every_light(page: Page) -> list[str]:
    found: list[str] = []
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        found += complaints(page)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += complaints(page)
    return found


def test_a_new_key_is_copied_and_axe_finds_nothing(desk: Desk, employee: User) -> None:
    desk.go(PAGE)
    token = desk.do(make_and_copy)
    assert authenticate(token).person == employee
    assert desk.do(in_every_light) == []
    row = desk.do(lambda page: page.get_by_role("row", name="Nightly report").inner_text())
    assert "Chat, search collections" in row
    assert "Handbook" in row
