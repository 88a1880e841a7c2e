"""Choosing which model answers, by pointer and by keys."""

import json

from playwright.sync_api import Page, Route, expect

from chatapp.conversations import events
from tests.frontend import scripted
from tests.frontend.wire import Wire, ask, until


def several(page: Page, site: str) -> None:
    page.goto(f"{site}/c/several/")
    expect(page.get_by_role("button", name="Model: smollm2-135m-instruct")).to_be_visible()


def test_a_page_with_one_model_that_is_well_shows_no_choice(page: Page, site: str) -> None:
    page.goto(site)
    expect(page.locator(".chip")).to_have_count(2)
    expect(page.locator("[data-model-chip]")).to_be_hidden()


def test_a_question_goes_to_the_model_that_was_chosen(page: Page, site: str, wire: Wire) -> None:
    several(page, site)
    page.get_by_role("button", name="Model:").click()
    page.get_by_role("menuitemradio", name="Qwen 3 8B").click()
    expect(page.get_by_role("button", name="Model: Qwen 3 8B")).to_be_focused()
    expect(page.locator("[data-about-demo]")).to_be_hidden()
    ask(page, wire)
    assert wire.of("send")[0]["model"] == scripted.QWEN["id"]


def test_keys_open_the_menu_go_through_it_and_choose(page: Page, site: str, wire: Wire) -> None:
    several(page, site)
    page.locator("[data-scroller]").focus()
    page.keyboard.press("m")
    items = page.get_by_role("menuitemradio")
    expect(items.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(items.last).to_be_focused()
    page.keyboard.press("q")
    expect(items.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#model-menu")).to_be_hidden()
    expect(page.get_by_role("button", name="Model:")).to_be_focused()
    ask(page, wire)
    assert wire.of("send")[0]["model"] == scripted.QWEN["id"]


def test_escape_closes_the_menu_and_stops_nothing(page: Page, site: str, wire: Wire) -> None:
    several(page, site)
    ask(page, wire)
    wire.accept()
    page.get_by_role("button", name="Model:").click()
    page.keyboard.press("Escape")
    expect(page.locator("#model-menu")).to_be_hidden()
    assert wire.of("stop") == []


def test_a_model_that_cannot_answer_says_why_and_is_not_chosen(
    page: Page, site: str, wire: Wire
) -> None:
    several(page, site)
    page.get_by_role("button", name="Model:").click()
    item = page.get_by_role("menuitemradio", name="LLaMA 4 Scout")
    expect(item).to_contain_text("an admin has to look at it first")
    expect(item).to_have_attribute("aria-disabled", "true")
    item.focus()
    page.keyboard.press("Enter")
    expect(item).to_be_visible()
    page.keyboard.press("Escape")
    ask(page, wire)
    assert wire.of("send")[0]["model"] == scripted.SMOLLM["id"]


def test_the_menu_asks_how_the_models_stand_now(page: Page, site: str, wire: Wire) -> None:
    away = {**scripted.QWEN, "state": "away", "note": "Its server does not answer at the moment."}

    def stand(route: Route) -> None:
        body = json.dumps({"models": [scripted.SMOLLM, away]})
        route.fulfill(body=body, content_type="application/json")

    page.route("**/conversations/models/", stand)
    several(page, site)
    page.get_by_role("button", name="Model:").click()
    expect(page.get_by_role("menuitemradio")).to_have_count(2)
    expect(page.get_by_role("menuitemradio", name="Qwen 3 8B")).to_contain_text("does not answer")
    expect(page.get_by_role("menuitemradio").first).to_be_focused()


def test_another_model_answers_anew(page: Page, site: str, wire: Wire) -> None:
    several(page, site)
    page.get_by_role("button", name="Answer anew with another model").click()
    page.get_by_role("menuitemradio", name="Qwen 3 8B").click()
    until(page, lambda: len(wire.of("regenerate")) == 1)
    assert wire.of("regenerate")[0]["model"] == scripted.QWEN["id"]
    wire.accept()
    wire.happen(events.Started("q", "qwen3:8b"), events.Text("28 days."), events.Ended("done", ""))
    expect(page.locator(".answer")).to_have_text("28 days.")
    expect(page.get_by_role("button", name="Model: Qwen 3 8B")).to_be_visible()


def test_how_much_a_model_thinks_is_chosen_where_it_can_be(
    page: Page, site: str, wire: Wire
) -> None:
    several(page, site)
    chip = page.locator("[data-model-chip]")
    chip.click()
    expect(page.get_by_role("radiogroup", name="How much it thinks first")).to_be_hidden()
    page.get_by_role("menuitemradio", name="GPT-OSS 20B").click()
    chip.click()
    expect(page.get_by_role("radio", name="Medium")).to_be_checked()
    page.get_by_role("radio", name="A lot").check()
    page.keyboard.press("Escape")
    expect(chip).to_contain_text("thinks a lot")
    ask(page, wire)
    sent = wire.of("send")[0]
    assert (sent["model"], sent["effort"]) == (scripted.GPT_OSS["id"], "high")


def test_a_choice_that_another_model_does_not_know_is_not_sent_to_it(
    page: Page, site: str, wire: Wire
) -> None:
    test_how_much_a_model_thinks_is_chosen_where_it_can_be(page, site, wire)
    wire.accept()
    wire.happen(events.Started("q", "m"), events.Text("28 days."), events.Ended("done", ""))
    page.locator("[data-model-chip]").click()
    page.get_by_role("menuitemradio", name="Qwen 3 8B").click()
    expect(page.locator("[data-model-chip]")).to_contain_text("thinking")
    ask(page, wire)
    assert "effort" not in wire.of("send")[1]
