"""Editing, answering anew, and going from one version to another: nothing is lost."""

import json
from typing import Any

from playwright.sync_api import Page, Route, expect

from chatapp.conversations import events
from tests.frontend import scripted
from tests.frontend.wire import CONVERSATION, Wire, ask, until

SECOND = "9a1d0000-0000-4000-8000-000000000002"


def answered(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(
        events.Started("How many days?", "m"), events.Text("28 days."), events.Ended("done", "")
    )
    expect(page.locator(".answer")).to_have_text("28 days.")


def stored(name: str, answer: str, siblings: list[str]) -> dict[str, Any]:
    turn = scripted.turn("How many days?", events.Text(answer), events.Ended("done", ""))
    return {**turn, "id": name, "parent": None, "siblings": siblings}


def test_an_answer_is_made_anew_beside_the_first(page: Page, site: str, wire: Wire) -> None:
    answered(page, site, wire)
    page.get_by_role("button", name="Answer anew").click()
    until(page, lambda: len(wire.of("regenerate")) == 1)
    assert wire.of("regenerate")[0]["turn"] == scripted.TURN
    wire.accept(SECOND)
    words = events.Text("Twenty-eight.")
    wire.happen(events.Started("q", "m"), words, events.Ended("done", ""), turn=SECOND)
    expect(page.locator(".answer")).to_have_text("Twenty-eight.")
    expect(page.locator("[data-turn]")).to_have_count(1)
    expect(page.get_by_role("group", name="Versions of this question")).to_contain_text("2 of 2")
    expect(page.get_by_role("button", name="Version after")).to_be_disabled()


def test_the_version_before_is_shown_again(page: Page, site: str, wire: Wire) -> None:
    posted: list[str] = []

    def branch(route: Route) -> None:
        posted.append(route.request.headers.get("x-csrftoken", ""))
        turns = [stored(scripted.TURN, "28 days.", [scripted.TURN, SECOND])]
        route.fulfill(body=json.dumps({"turns": turns}), content_type="application/json")

    page.route(f"**/turns/{scripted.TURN}/branch/", branch)
    test_an_answer_is_made_anew_beside_the_first(page, site, wire)
    page.get_by_role("button", name="Version before").click()
    expect(page.locator(".answer")).to_have_text("28 days.")
    expect(page.locator(".versions")).to_contain_text("1 of 2")
    assert posted
    assert posted[0]


def test_a_branch_that_cannot_be_shown_is_said(page: Page, site: str, wire: Wire) -> None:
    test_an_answer_is_made_anew_beside_the_first(page, site, wire)
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error('away')); }")
    page.get_by_role("button", name="Version before").click()
    expect(page.locator("#composer-says")).to_contain_text("cannot be shown at the moment")
    expect(page.locator(".answer")).to_have_text("Twenty-eight.")


def test_a_question_is_edited_beside_the_first(page: Page, site: str, wire: Wire) -> None:
    answered(page, site, wire)
    page.get_by_role("button", name="Edit question").click()
    expect(page.get_by_label("Your question")).to_have_value("How many days?")
    expect(page.locator("[data-editing]")).to_contain_text("editing a question")
    ask(page, wire, "How many weeks?")
    sent = wire.of("send")[-1]
    assert (sent["text"], sent["parent"], sent["conversation"]) == (
        "How many weeks?",
        None,
        CONVERSATION,
    )
    wire.accept(SECOND)
    wire.happen(
        events.Started("q", "m"), events.Text("5.6."), events.Ended("done", ""), turn=SECOND
    )
    expect(page.locator("[data-turn]")).to_have_count(1)
    expect(page.locator(".versions")).to_contain_text("2 of 2")
    expect(page.locator("[data-editing]")).to_be_hidden()


def test_an_ordinary_question_leaves_its_place_to_the_server(
    page: Page, site: str, wire: Wire
) -> None:
    answered(page, site, wire)
    ask(page, wire, "And weeks?")
    assert "parent" not in wire.of("send")[-1]


def test_an_edit_is_given_up_by_escape(page: Page, site: str, wire: Wire) -> None:
    answered(page, site, wire)
    page.get_by_role("button", name="Edit question").click()
    page.keyboard.press("Escape")
    expect(page.locator("[data-editing]")).to_be_hidden()
    expect(page.get_by_label("Your question")).to_have_value("")
    expect(page.locator(".answer")).to_have_text("28 days.")


def test_a_refused_edit_keeps_its_words_and_brings_back_what_was_there(
    page: Page, site: str, wire: Wire
) -> None:
    turns = [stored(scripted.TURN, "28 days.", [scripted.TURN])]
    page.route(
        f"**/c/{CONVERSATION}/turns/",
        lambda route: route.fulfill(
            body=json.dumps({"turns": turns}), content_type="application/json"
        ),
    )
    answered(page, site, wire)
    page.get_by_role("button", name="Edit question").click()
    ask(page, wire, "How many weeks?")
    client = wire.of("send")[-1]["client_id"]
    wire.tell(type="error", code="busy", message="Ask later.", client_id=client)
    expect(page.locator("#composer-says")).to_have_text("Ask later.")
    expect(page.get_by_label("Your question")).to_have_value("How many weeks?")
    expect(page.locator(".answer")).to_have_text("28 days.")
