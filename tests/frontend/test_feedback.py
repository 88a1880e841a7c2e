"""Thumbs under an answer: pressed at once, with a reason for those who care, taken back."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Route, expect

from tests.frontend import harness
from tests.frontend.wire import until

Sent = list[str]
KEPT: dict[str, Any] = {"feedback": None}


@pytest.fixture
def sent(page: Page, site: str) -> Sent:
    """What the page sends of the answer on it."""
    forms: Sent = []

    def take(route: Route) -> None:
        forms.append(route.request.post_data or "")
        route.fulfill(json=KEPT)

    page.route("**/turns/*/feedback/", take)
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    return forms


def has(form: str, name: str, value: str) -> bool:
    return value in parse_qs(form, keep_blank_values=True).get(name, ())


def waited(page: Page, sent: Sent, number: int) -> str:
    until(page, lambda: len(sent) >= number)
    return sent[number - 1]


def test_a_thumb_is_kept_at_once_and_a_reason_when_it_is_given(page: Page, sent: Sent) -> None:
    down = page.get_by_role("button", name="It did not help")
    down.focus()
    page.keyboard.press("Enter")
    expect(down).to_have_attribute("aria-pressed", "true")
    assert has(waited(page, sent, 1), "helpful", "no")
    page.get_by_text("Something is missing").click()
    page.get_by_label("In your own words").fill("The carry-over.")
    page.get_by_role("button", name="Send", exact=True).first.click()
    form = waited(page, sent, 2)
    assert has(form, "reasons", "incomplete")
    assert has(form, "words", "The carry-over.")
    expect(page.locator(".feedback")).to_be_hidden()
    expect(page.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
    expect(down).to_be_focused()


def test_the_other_thumb_takes_its_place_and_the_same_one_takes_it_back(
    page: Page, sent: Sent
) -> None:
    up = page.get_by_role("button", name="It helped")
    down = page.get_by_role("button", name="It did not help")
    up.click()
    down.click()
    expect(up).to_have_attribute("aria-pressed", "false")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "false")
    assert has(waited(page, sent, 3), "helpful", "")
    expect(page.locator(".feedback")).to_be_hidden()


def test_what_could_not_be_kept_is_not_shown_as_kept(page: Page, site: str) -> None:
    page.route("**/turns/*/feedback/", lambda route: route.fulfill(json={"signed": "out"}))
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    up = page.get_by_role("button", name="It helped")
    up.click()
    expect(page.get_by_text("It could not be kept.")).to_be_visible()
    expect(up).to_have_attribute("aria-pressed", "false")
