"""The list of conversations."""

import re

from playwright.sync_api import Page, Route, expect

from tests.frontend import harness


def test_conversations_are_found_by_title(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_label("Find a conversation by its title").fill("lisbon")
    expect(page.locator("li[data-id]:visible")).to_have_count(1)
    expect(page.locator("[data-group]:visible")).to_have_count(1)
    page.get_by_label("Find a conversation by its title").fill("nothing like it")
    expect(page.get_by_text("No title has these words.")).to_be_visible()


def test_a_conversation_is_renamed(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    posted: list[str] = []
    answer = harness.rendered("conversations/list.html", {"groups": []})

    def renamed(route: Route) -> None:
        posted.append(route.request.post_data or "")
        route.fulfill(body=answer)

    page.route(re.compile("/rename/$"), renamed)
    row = page.locator("li[data-id]").first
    row.hover()
    row.get_by_role("button", name="Rename").click()
    page.get_by_label("Title", exact=True).fill("Leave, in short")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Leave, in short")
    assert "Leave, in short" in posted[0]
    assert "csrfmiddlewaretoken" in posted[0]


def test_deleting_asks_first(page: Page, site: str) -> None:
    page.goto(site)
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.method))
    row = page.locator("li[data-id]").nth(1)
    row.hover()
    row.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete this conversation?")
    expect(dialog).to_contain_text("Travel to the Lisbon office")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert "POST" not in posted


def test_the_list_is_a_drawer_on_a_phone(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site)
    drawer = page.get_by_role("navigation", name="Conversations")
    expect(drawer).to_be_hidden()
    page.get_by_role("button", name="Conversations").click()
    expect(drawer).to_be_visible()
    expect(page.get_by_label("Find a conversation by its title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_the_list_stays_folded(page: Page, site: str) -> None:
    page.goto(site)
    button = page.get_by_role("button", name="Conversations")
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    page.reload()
    expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
