"""What an answer took is there for those who ask, and the context's gauge for all."""

import pytest
from playwright.sync_api import Page, expect

from chatapp.conversations import events
from tests.frontend import harness
from tests.frontend.wire import Wire, ask


def test_figures_are_folded_until_they_are_asked_for(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    expect(page.locator(".figures")).to_be_hidden()
    button = page.get_by_role("button", name="what this answer took")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    said = page.locator(".figures").inner_text()
    for words in ("smollm2-135m-instruct (demonstration)", "412 tokens", "171 tokens"):
        assert words in said
    assert "0.9 s" in said
    assert "4.8 s" in said
    assert "50 tokens a second" in said


def test_what_is_unknown_is_not_told(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    unknown = events.Usage(None, None, 4096, None, None, None)
    wire.happen(events.Started("q", "m"), events.Text("Yes."), unknown, events.Ended("done"))
    page.get_by_role("button", name="what this answer took").click()
    assert page.locator(".figures dt").all_inner_texts() == ["Model"]
    expect(page.locator("[data-gauge]")).to_be_hidden()


@pytest.mark.parametrize(("tokens", "percent"), [(30, 10), (310, 80)])
def test_the_gauge_tells_how_full_the_context_is(
    page: Page, site: str, wire: Wire, tokens: int, percent: int
) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    usage = events.Usage(tokens, 10, 400)
    wire.happen(events.Started("q", "m"), events.Text("Yes."), usage, events.Ended("done"))
    gauge = page.locator("[data-gauge]")
    expect(gauge).to_contain_text(f"Context {percent}% full")
    expect(gauge).to_contain_text(f"{tokens + 10} of the 400 tokens that the model holds")
    expect(page.get_by_text("what was said first will be left out")).to_be_visible(
        visible=percent >= 80
    )


def test_on_a_phone_the_gauge_leaves_the_room_to_the_title(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    gauge = page.locator("[data-gauge]")
    expect(gauge).to_contain_text("Context")
    title, shown = page.get_by_role("heading", level=1).bounding_box(), gauge.bounding_box()
    assert title is not None
    assert shown is not None
    assert shown["width"] < 96
    assert title["width"] > 120


def test_the_speed_is_that_of_the_tokens_after_the_first(blank: Page) -> None:
    rates = blank.evaluate(
        """async (all) => {
          const { rate } = await import("/static/js/chat/figures.js");
          return all.map(rate);
        }""",
        [
            {"answer_tokens": 101, "writing_ms": 2000},
            {"answer_tokens": 1, "writing_ms": 2000},
            {"answer_tokens": 9, "writing_ms": 0},
            {"answer_tokens": None, "writing_ms": 5},
        ],
    )
    assert rates == [50, None, None, None]


def test_another_server_that_failed_is_told(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(
        events.Started("q", "m"), events.Retried("Busy."), events.Text("Yes."), events.Ended("done")
    )
    page.get_by_role("button", name="what this answer took").click()
    expect(page.locator(".figures")).to_contain_text("after 1 attempt failed")
