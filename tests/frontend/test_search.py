"""Search in all conversations, as the page shows it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.frontend import harness, scripted

FIELD = "Search your conversations"
HOSTILE = "<img src=x onerror=alert(1)>"


def found(turn: str | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "conversation": harness.CONVERSATION,
        "title": [{"text": HOSTILE, "found": False}],
        "turn": turn,
        "snippet": [
            {"text": "a hotel in ", "found": False},
            {"text": "Lisbon", "found": True},
            {"text": " may cost 150", "found": False},
        ],
        "when": "2026-11-24T09:30:00+00:00",
        **changes,
    }


def answer(page: Page, *results: dict[str, Any]) -> list[str]:
    """Let the server find this; gives what was asked."""
    asked: list[str] = []

    def search(route: Route) -> None:
        asked.append(words_of(route))
        route.fulfill(json={"found": list(results)})

    page.route(re.compile("/conversations/search/"), search)
    return asked


def words_of(route: Route) -> str:
    return route.request.post_data or ""


def test_titles_are_found_at_once_and_answers_by_one_question_after_a_pause(
    page: Page, site: str
) -> None:
    page.goto(site)
    asked = answer(page, found(scripted.TURN))
    page.get_by_label(FIELD).press_sequentially("lisbon", delay=5)
    expect(page.locator("li[data-id]:visible")).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="1 title, 1 answer")).to_be_visible()
    assert len(asked) == 1
    assert asked[0] == "q=lisbon"
    link = page.locator("[data-found] a")
    expect(link).to_have_attribute("href", f"/c/{harness.CONVERSATION}/#turn-{scripted.TURN}")
    expect(link.locator("mark")).to_have_text("Lisbon")
    expect(link.locator(".title")).to_have_text(HOSTILE)


def test_nothing_found_is_said_and_an_empty_field_shows_the_list_again(
    page: Page, site: str
) -> None:
    page.goto(site)
    answer(page)
    field = page.get_by_label(FIELD)
    field.fill("nothing like it")
    expect(page.get_by_text("Nothing has all these words.")).to_be_visible()
    field.press("Escape")
    expect(field).to_have_value("")
    expect(page.get_by_text("Nothing has all these words.")).to_be_hidden()
    expect(page.locator("li[data-id]:visible")).to_have_count(6)


def test_a_server_that_does_not_answer_leaves_the_titles(page: Page, site: str) -> None:
    page.goto(site)
    page.route(re.compile("/conversations/search/"), lambda route: route.fulfill(status=304))
    page.get_by_label(FIELD).fill("lisbon")
    expect(page.get_by_text("Only titles were searched")).to_be_visible()
    expect(page.locator("li[data-id]:visible")).to_have_count(1)


def test_a_search_that_others_words_replace_is_given_up(page: Page, site: str) -> None:
    page.goto(site)
    page.route(
        re.compile("/conversations/search/"),
        lambda route: route.fulfill(json={"found": []}) if "second" in words_of(route) else None,
    )
    field = page.get_by_label(FIELD)
    with page.expect_request(re.compile("/conversations/search/")) as first:
        field.fill("first")
    field.fill("second")
    expect(page.get_by_text("Nothing has all these words.")).to_be_visible()
    assert first.value.failure == "net::ERR_ABORTED"
    expect(page.locator("[data-found] a")).to_have_count(0)


@pytest.mark.parametrize("folded", [False, True])
def test_keys_lead_to_the_search_through_what_it_found_and_into_it(
    page: Page, site: str, folded: bool
) -> None:
    page.goto(site)
    answer(page, found(scripted.TURN))
    if folded:
        page.get_by_role("button", name="Conversations").click()
    page.keyboard.press("Control+k")
    expect(page.get_by_label(FIELD)).to_be_focused()
    page.keyboard.type("lisbon")
    expect(page.locator("[data-found] a")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-found] a")).to_be_focused()


TURNS = [scripted.answered() for _ in range(8)]


@pytest.fixture(scope="module")
def several() -> Iterator[str]:
    """A site on which the conversation has several turns."""
    with harness.serving({harness.CONVERSATION: TURNS}) as address:
        yield address


def test_what_was_found_is_opened_at_its_turn(page: Page, several: str) -> None:
    page.goto(several)
    answer(page, found(TURNS[2]["id"]))
    page.get_by_label(FIELD).fill("hotel")
    page.locator("[data-found] a").click()
    turn = page.locator(f'[data-turn="{TURNS[2]["id"]}"]')
    expect(turn).to_be_focused()
    expect(turn).to_have_class("turn is-found")
    top = turn.evaluate("e => e.getBoundingClientRect().top")
    assert 0 <= top < 200
    assert "#" not in page.url
    page_is = "[document.documentElement.scrollHeight, scrollY]"
    assert page.evaluate(page_is) == [page.evaluate("innerHeight"), 0]


def test_what_was_found_in_the_open_conversation_is_gone_to(page: Page, several: str) -> None:
    page.goto(f"{several}/c/{harness.CONVERSATION}/")
    answer(page, found(TURNS[5]["id"]))
    page.get_by_label(FIELD).fill("hotel")
    page.locator("[data-found] a").click()
    expect(page.locator(f'[data-turn="{TURNS[5]["id"]}"]')).to_be_focused()


def test_a_turn_of_another_branch_is_fetched_and_shown(page: Page, site: str) -> None:
    other = scripted.answered()
    asked: list[str] = []

    def branch(route: Route) -> None:
        asked.append(route.request.method)
        route.fulfill(body=json.dumps({"turns": [other]}), content_type="application/json")

    page.route(f"**/turns/{other['id']}/branch/", branch)
    page.goto(f"{site}/c/{harness.CONVERSATION}/#turn-{other['id']}")
    expect(page.locator(f'[data-turn="{other["id"]}"]')).to_be_focused()
    assert asked == ["POST"]
