"""What the page says of a turn is true: nothing is kept where nothing was written."""

import pytest
from playwright.sync_api import Page, expect

from chatapp.conversations import events
from tests.frontend import scripted
from tests.frontend.wire import Wire, ask

LONG = "Thequestionofeverybodywhoneverusesaspacebarinalongtitle" * 3


def tell(page: Page, wire: Wire, *happened: events.Event) -> None:
    ask(page, wire)
    wire.accept()
    wire.happen(events.Started("q", "model-1b"), scripted.PASSED["request"], *happened)


@pytest.mark.parametrize("status", ["stopped", "interrupted"])
def test_what_was_written_is_kept_only_where_something_was(
    page: Page, site: str, wire: Wire, status: str
) -> None:
    page.goto(site)
    tell(page, wire, events.Ended(status, ""))
    expect(page.locator(".ending")).to_be_visible()
    expect(page.locator(".ending")).not_to_contain_text("kept")
    expect(page.locator(".seal")).to_have_count(0)
    expect(page.locator(".line .model")).to_have_count(0)


def test_an_answer_is_copied_as_the_model_wrote_it(page: Page, site: str, wire: Wire) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(site)
    tell(page, wire, events.Text("**28 days** [1]."), events.Ended("done", ""))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "**28 days** [1]."


def test_an_answer_that_was_cut_short_says_so(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    words = "It was cut at its longest length."
    tell(page, wire, events.Text("Once upon"), events.Ended("done", words))
    expect(page.locator(".ending")).to_contain_text(words)
    expect(page.locator(".ending").get_by_role("button")).to_have_text(["Go on"])
    expect(page.locator(".seal")).to_be_visible()


def test_codes_of_rules_are_not_for_people(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    found = (
        events.CategoryScore("PERSONAL_DATA", "Personal Data", 1.0),
        events.CategoryScore("S6", "Specialized Advice", 0.7),
    )
    flagged = events.Judged("request", "flag", found, 1, ("rules",))
    tell(page, wire, flagged, events.Text("Yes."), events.Ended("done", ""))
    page.locator(".seal").click()
    panel = page.locator(".seal-panel")
    expect(panel).to_be_in_viewport()
    expect(panel).to_contain_text("Personal Data 100%")
    expect(panel).to_contain_text("Specialized Advice S6, 70%")


def test_a_long_title_leaves_the_page_as_wide_as_the_screen(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(site)
    page.evaluate(
        "(title) => { document.querySelector('[data-conversation-title]').textContent = title; }",
        LONG,
    )
    right = "Math.round(document.querySelector('[data-send]').getBoundingClientRect().right)"
    assert page.evaluate(right) <= 390
    assert page.evaluate("document.querySelector('[data-scroller]').clientWidth") <= 390


@pytest.mark.parametrize(
    ("title", "place"), [("Plan.pdf", "p. 4"), ("Plan.pptx", "slide 4"), ("Plan.xlsx", "sheet 4")]
)
def test_a_place_is_named_as_its_document_has_it(
    page: Page, site: str, wire: Wire, title: str, place: str
) -> None:
    page.goto(site)
    found = events.Passages((scripted.source(1, title, "", 4),))
    tell(page, wire, found, events.Text("Yes."), events.Ended("done", ""))
    expect(page.locator(".note-place").first).to_have_text(place)
