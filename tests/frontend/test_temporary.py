"""A temporary conversation is chosen before its first question, and named as one throughout."""

from playwright.sync_api import Page, expect

from tests.frontend import harness
from tests.frontend.wire import CONVERSATION, Wire, ask


def test_it_is_chosen_before_the_first_question_and_marked_from_then_on(
    page: Page, site: str, wire: Wire
) -> None:
    page.goto(site)
    choice = page.get_by_role("button", name="Temporary chat")
    choice.focus()
    page.keyboard.press("Space")
    expect(choice).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".welcome").get_by_text("not listed or searched")).to_be_visible()
    ask(page, wire)
    assert wire.of("send")[-1]["temporary"] is True
    wire.accept()
    badge = page.locator("[data-temporary-badge]")
    expect(badge).to_be_visible()
    expect(choice).to_be_hidden()
    badge.locator("summary").click()
    expect(badge.get_by_text("is still kept in the log for compliance staff")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-temporary-close]').action").endswith(
        f"/c/{CONVERSATION}/close/"
    )


def test_a_conversation_is_kept_unless_it_was_chosen(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    choice = page.get_by_role("button", name="Temporary chat")
    choice.click()
    choice.click()
    ask(page, wire)
    assert "temporary" not in wire.of("send")[-1]
    wire.accept()
    expect(page.locator("[data-temporary-badge]")).to_be_hidden()


def test_its_page_says_so_after_a_reload(page: Page, site: str) -> None:
    page.goto(f"{site}/c/temporary/")
    expect(page.locator("[data-temporary-badge]")).to_be_visible()
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    expect(page.locator("[data-temporary-badge]")).to_be_hidden()
