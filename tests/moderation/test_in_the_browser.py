"""The log in a real browser: by keyboard, by mouse, and on a phone."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize
from pytest_django.live_server_helper import LiveServer

from chatapp.accounts.models import User
from chatapp.moderation.models import Entry, Reading
from tests import axe
from tests.desk import Chromium, Desk, chromium, desk_of
from tests.moderation.conftest import entry_values

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as started:
        yield started


@pytest.fixture
def desk(browser: Chromium, live_server: LiveServer, compliance: User) -> Iterator[Desk]:
    with desk_of(compliance, browser, live_server) as desk:
        yield desk


@pytest.fixture
def entries(live_server: LiveServer) -> list[int]:
    """The ids of four entries as the list shows them, newest first."""
    texts = ("Fourth words", "Third words", "Second words", "First words")
    made = [Entry.objects.create(**entry_values(text=text)) for text in reversed(texts)]
    return [entry.pk for entry in reversed(made)]


def shown_entry(page: Page) -> str:
    page.wait_for_selector("#entry[data-entry]")
    return page.inner_text("#entry")


def focused_row(page: Page) -> str | None:
    found: str | None = page.evaluate("document.activeElement.closest('tr')?.dataset.row")
    return found


def test_moving_opens_nothing_and_enter_opens_beside_the_list(
    desk: Desk, entries: list[int], compliance: User
) -> None:
    desk.go("/log/")
    desk.press("j", "j", "j", "k")
    assert desk.do(focused_row) == str(entries[1])
    assert not Reading.objects.exists()

    desk.press("Enter")

    assert "Third words" in desk.do(shown_entry)
    assert [(r.entry_id, r.reader) for r in Reading.objects.all()] == [(entries[1], compliance)]
    assert desk.do(lambda page: page.url).endswith(f"/log/{entries[1]}/")
    assert f"Entry {entries[1]} " in desk.do(lambda page: page.title())
    marked = "tr[aria-current='true']"
    assert desk.do(lambda page: page.get_attribute(marked, "data-row")) == str(entries[1])
    assert desk.do(lambda page: page.locator(".log-table").is_visible())
    desk.press("j")
    assert desk.do(focused_row) == str(entries[2])


def test_moving_stops_at_both_ends(desk: Desk, entries: list[int]) -> None:
    desk.go("/log/")
    desk.press(*"jjjjjjjj")
    assert desk.do(focused_row) == str(entries[-1])
    desk.press(*"kkkkkkkk")
    assert desk.do(focused_row) == str(entries[0])


def test_back_shows_the_entry_before(desk: Desk, entries: list[int]) -> None:
    desk.go(f"/log/{entries[0]}/")
    desk.do(lambda page: page.click(f"tr[data-row='{entries[1]}']"))
    desk.do(lambda page: page.wait_for_selector(f"#entry[data-entry='{entries[1]}']"))
    desk.do(lambda page: page.go_back())
    desk.do(lambda page: page.wait_for_selector(f"#entry[data-entry='{entries[0]}']"))
    assert "Fourth words" in desk.do(shown_entry)


def test_a_slash_searches_and_keys_are_letters_while_writing(
    desk: Desk, entries: list[int]
) -> None:
    desk.go("/log/")
    desk.press("/")
    desk.do(lambda page: page.keyboard.type("jk second"))
    assert desk.do(lambda page: page.input_value("[name=q]")) == "jk second"
    desk.do(lambda page: page.fill("[name=q]", "second"))
    desk.press("Enter")
    desk.do(lambda page: page.wait_for_url("**/log/?q=second"))
    rows = "document.querySelectorAll('tr[data-row]').length"
    assert desk.do(lambda page: page.evaluate(rows)) == 1


def test_on_a_phone_the_entry_takes_the_lists_place(desk: Desk, entries: list[int]) -> None:
    desk.do(lambda page: page.set_viewport_size(PHONE))
    desk.go("/log/")
    desk.do(lambda page: page.click(f"tr[data-row='{entries[2]}']"))
    assert "Second words" in desk.do(shown_entry)
    assert not desk.do(lambda page: page.locator(".log-list").is_visible())
    assert desk.do(lambda page: page.evaluate("document.activeElement.id")) == "entry-title"
    desk.do(lambda page: page.click("text=Back to the log"))
    desk.do(lambda page: page.wait_for_selector(f"tr[data-row='{entries[0]}']"))


def test_nothing_is_wider_than_a_small_phone(desk: Desk, entries: list[int]) -> None:
    desk.do(lambda page: page.set_viewport_size({"width": 320, "height": 640}))
    for path in ("/log/", f"/log/{entries[0]}/", "/account/"):
        desk.go(path)
        width = desk.do(lambda page: page.evaluate("document.documentElement.scrollWidth"))
        assert width <= 320, path


def test_hostile_words_stay_words(desk: Desk, live_server: LiveServer) -> None:
    hostile = "<img src=x onerror=document.title='taken'><b hx-get='/log/' hx-trigger='load'>"
    entry = Entry.objects.create(**entry_values(text=hostile, person=hostile, judge=hostile[:100]))
    desk.go("/log/")
    desk.press("j", "Enter")
    assert hostile in desk.do(shown_entry)
    assert desk.do(lambda page: page.locator("#entry img, #entry b").count()) == 0
    assert "taken" not in desk.do(lambda page: page.title())
    assert Reading.objects.filter(entry=entry).count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    desk: Desk, entries: list[int], scheme: Literal["light", "dark"]
) -> None:
    desk.do(lambda page: page.emulate_media(color_scheme=scheme))
    for path in ("/log/", f"/log/{entries[0]}/", "/log/?stage=passage", "/account/"):
        desk.go(path)
        assert desk.do(axe.found) == [], path
