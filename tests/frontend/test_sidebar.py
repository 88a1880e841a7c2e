"""The list of conversations."""

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.frontend import harness
from tests.frontend.wire import Wire, ask


def test_conversations_are_found_by_title(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_label("Find a conversation by its title").fill("lisbon")
    expect(page.locator("li[data-id]:visible")).to_have_count(1)
    expect(page.locator("[data-group]:visible")).to_have_count(1)
    page.get_by_label("Find a conversation by its title").fill("nothing like it")
    expect(page.get_by_text("No title has these words.")).to_be_visible()


def open_menu(page: Page, row: Locator) -> Locator:
    row.hover()
    row.get_by_role("button", name="What to do with").click()
    return page.get_by_role("menu")


def answer_list(page: Page, address: str) -> list[str]:
    """Answer what is posted to ``address`` with a list; gives what was posted."""
    posted: list[str] = []
    context = harness.chat_context([])
    answer = harness.rendered("conversations/list.html", {"groups": context["groups"]})

    def changed(route: Route) -> None:
        posted.append(f"{route.request.url} {route.request.post_data}")
        route.fulfill(body=answer)

    page.route(re.compile(address), changed)
    return posted


def test_a_conversation_is_pinned_by_its_menu(page: Page, site: str) -> None:
    page.goto(site)
    posted = answer_list(page, "/pin/$")
    row = page.locator("li[data-id]").nth(1)
    name = row.get_attribute("data-id")
    menu = open_menu(page, row)
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-live]")).to_contain_text("is pinned")
    assert f"/c/{name}/pin/ pinned=yes" in posted[0]
    expect(menu).to_be_hidden()


def test_the_list_is_walked_and_used_by_keys(page: Page, site: str) -> None:
    page.goto(site)
    posted = answer_list(page, "/pin/$")
    page.get_by_label("Find a conversation by its title").focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    second = page.locator("li[data-id] a").nth(1)
    expect(second).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator("[data-live]")).to_contain_text("is pinned")
    assert "pinned=yes" in posted[0]
    expect(second).to_be_focused()
    page.keyboard.press("F2")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Travel to the Lisbon office")
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    expect(page.get_by_role("dialog", name="Delete this conversation?")).to_be_visible()


def test_the_menu_of_a_row_is_used_by_keys_and_stops_no_answer(
    page: Page, site: str, wire: Wire
) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    row = page.locator("li[data-id]").first
    menu = open_menu(page, row)
    page.keyboard.press("ArrowUp")
    expect(menu.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitem", name="Pin")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(row.get_by_role("button")).to_be_focused()
    assert not wire.of("stop")


def test_the_page_has_the_menu_of_its_conversation(page: Page, site: str) -> None:
    page.goto(site)
    button = page.get_by_role("button", name="What to do with this conversation")
    expect(button).to_be_hidden()
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    button.click()
    page.get_by_role("menuitem", name="Rename").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Leave and carrying days over")


def test_a_conversation_is_renamed(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    posted: list[str] = []
    answer = harness.rendered("conversations/list.html", {"groups": []})

    def renamed(route: Route) -> None:
        posted.append(route.request.post_data or "")
        route.fulfill(body=answer)

    page.route(re.compile("/rename/$"), renamed)
    row = page.locator("li[data-id]").first
    open_menu(page, row).get_by_role("menuitem", name="Rename").click()
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
    open_menu(page, row).get_by_role("menuitem", name="Delete").click()
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
