"""The list of conversations."""

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.frontend import harness
from tests.frontend.wire import Wire, ask


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
    for words, suffix in (("Markdown", "md"), ("JSON", "json")):
        link = menu.get_by_role("menuitem", name=f"Export as {words}")
        expect(link).to_have_attribute("href", f"/c/{name}/export.{suffix}")
    page.keyboard.press("Enter")
    expect(page.locator("[data-live]")).to_contain_text("is pinned")
    assert f"/c/{name}/pin/ pinned=yes" in posted[0]
    expect(menu).to_be_hidden()


def test_the_list_is_walked_and_used_by_keys(page: Page, site: str) -> None:
    page.goto(site)
    posted = answer_list(page, "/pin/$")
    page.get_by_label("Search your conversations").focus()
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


def test_a_deleted_conversation_goes_at_once_and_comes_back_by_undo(page: Page, site: str) -> None:
    page.goto(site)
    posted = answer_list(page, "/(delete|restore)/$")
    row = page.locator("li[data-id]").nth(1)
    name = row.get_attribute("data-id")
    row.get_by_role("link").press("Delete")
    expect(page.locator("[data-live]")).to_contain_text("was deleted. Undo it with Control Z.")
    expect(page.get_by_role("group", name="What was just done")).to_contain_text(
        "“Travel to the Lisbon office” was deleted."
    )
    page.keyboard.press("Control+z")
    expect(page.locator("[data-live]")).to_contain_text("The conversation is back.")
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    expect(page.locator(f'[data-id="{name}"] a')).to_be_focused()
    assert [each.split("/c/")[1].split()[0] for each in posted] == [
        f"{name}/delete/",
        f"{name}/restore/",
    ]


def test_the_focus_goes_on_to_the_next_row_before_the_server_answers(page: Page, site: str) -> None:
    page.goto(site)
    page.route(re.compile("/delete/$"), lambda _: None)
    row = page.locator("li[data-id]").first
    row.get_by_role("link").press("Delete")
    expect(row).to_be_hidden()
    expect(page.locator("li[data-id] a").nth(1)).to_be_focused()


def test_a_deletion_that_failed_says_so_and_shows_the_row_again(page: Page, site: str) -> None:
    page.goto(site)
    answer_list(page, "/c/$")
    page.route(re.compile("/delete/$"), lambda route: route.fulfill(status=304))
    row = page.locator("li[data-id]").first
    row.get_by_role("link").press("Delete")
    expect(page.get_by_text("could not be deleted").last).to_be_visible()
    expect(row).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_deleting_the_open_conversation_leads_to_a_new_page_that_can_undo_it(
    page: Page, site: str
) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    posted = answer_list(page, "/(delete|restore)/$")
    page.get_by_role("button", name="What to do with this conversation").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.wait_for_url(f"{site}/")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(f"{site}/c/{harness.CONVERSATION}/")
    assert len(posted) == 2


def test_undo_is_offered_for_some_seconds_and_stays_while_it_is_looked_at(
    page: Page, site: str
) -> None:
    page.clock.install()
    page.goto(site)
    answer_list(page, "/delete/$")
    page.locator("li[data-id] a").nth(1).press("Delete")
    undo = page.get_by_role("button", name="Undo")
    undo.focus()
    page.clock.run_for(30_000)
    expect(undo).to_be_visible()
    page.locator("li[data-id] a").first.focus()
    page.clock.run_for(11_000)
    expect(undo).to_be_hidden()


def test_the_list_is_a_drawer_on_a_phone(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site)
    drawer = page.get_by_role("navigation", name="Conversations")
    expect(drawer).to_be_hidden()
    page.get_by_role("button", name="Conversations").click()
    expect(drawer).to_be_visible()
    expect(page.get_by_label("Search your conversations")).to_be_focused()
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
