"""Everything is done by keys, and the dialog tells which."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.frontend import harness, scripted

MODULES = ("keys", "main", "search", "sidebar", "list-actions", "toast", "composer")
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, textarea, summary")]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.tabIndex >= 0)
  .map((e, n) => { e.dataset.walk = n; return String(n); })"""


def leave_fields(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")


@pytest.fixture(scope="module")
def several() -> Iterator[str]:
    """A site on which the conversation has several turns."""
    turns = [scripted.answered() for _ in range(4)]
    with harness.serving({harness.CONVERSATION: turns}) as address:
        yield address


def test_keys_lead_from_question_to_question(page: Page, several: str) -> None:
    page.goto(f"{several}/c/{harness.CONVERSATION}/")
    expect(page.locator(".line").last).to_be_in_viewport()
    leave_fields(page)
    page.keyboard.press("k")
    expect(page.locator("[data-turn]").nth(3)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("[data-turn]").nth(2)).to_be_focused()
    expect(page.locator(".question").nth(2)).to_be_in_viewport()
    page.keyboard.press("j")
    expect(page.locator("[data-turn]").nth(3)).to_be_focused()


def test_a_key_begins_a_new_conversation_and_one_folds_the_list(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    leave_fields(page)
    page.keyboard.press("b")
    expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()
    page.keyboard.press("b")
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    page.keyboard.press("n")
    page.wait_for_url(f"{site}/")


def test_single_keys_can_be_turned_off_for_good(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Single keys").uncheck()
    page.keyboard.press("Escape")
    for _ in range(2):
        leave_fields(page)
        page.keyboard.press("/")
        expect(page.get_by_label("Your question")).not_to_be_focused()
        page.keyboard.press("Control+k")
        expect(page.get_by_label("Search your conversations")).to_be_focused()
        page.reload()
        expect(page.get_by_label("Your question")).to_be_focused()


@pytest.mark.parametrize("module", MODULES)
def test_the_dialog_tells_every_key_that_the_page_knows(page: Page, site: str, module: str) -> None:
    source = (harness.ROOT / f"static/js/chat/{module}.js").read_text("utf-8")
    known = set(re.findall(r'event\.key(?:\.toLowerCase\(\))? [!=]== "(\w+)"', source))
    known |= set(re.findall(r'^      "?([?/a-z])"?: \(\) =>', source, re.MULTILINE))
    page.goto(site)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    told = {key.lower() for key in page.locator("#shortcuts-dialog kbd").all_inner_texts()}
    names = {"escape": "esc", "delete": "del", "arrowup": "↑", "arrowdown": "↓"}
    assert {names.get(key.lower(), key.lower()) for key in known} <= told


def test_every_control_of_a_conversation_is_reached_by_tab(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    expect(page.locator(".note")).to_have_count(3)
    leave_fields(page)
    wanted = set(page.evaluate(REACHABLE))
    reached: set[str] = set()
    for _ in range(3 * len(wanted)):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.walk"))
    assert wanted <= reached
