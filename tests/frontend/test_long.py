"""A long conversation: what is shown stays where it is, and costs no more than a short one.

What a browser does is counted by itself, through its own protocol; times are compared with those
of a short conversation in the same session, never with a clock.
"""

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from chatapp.conversations import events
from tests.frontend import harness, scripted
from tests.frontend.wire import Wire, ask, until

MANY = 500
SHOWN = 30
TOKENS = 200


def chain(number: int) -> list[dict[str, Any]]:
    """So many turns, each after the one before; the last ones have the longer answers."""
    turns: list[dict[str, Any]] = []
    for n in range(number):
        text = scripted.ANSWER if n >= number - 2 * SHOWN else "In short, 28 days [1]."
        told = scripted.turn(f"Question {n}?", events.Text(text), events.Ended("done"))
        name = str(uuid.UUID(int=n + 1))
        parent = turns[-1]["id"] if turns else None
        turns.append({**told, "id": name, "parent": parent, "siblings": [name]})
    return turns


LONG = chain(MANY)


@pytest.fixture(scope="module")
def long_site() -> Iterator[str]:
    pages = {harness.CONVERSATION: LONG[-SHOWN:], "short": LONG[:2], "whole": LONG}
    with harness.serving(pages) as address:
        yield address


def serve_earlier(page: Page) -> list[str]:
    """Answer what is asked for with the turns before; gives what was asked for."""
    asked: list[str] = []

    def earlier(route: Route) -> None:
        (before,) = parse_qs(urlsplit(route.request.url).query)["before"]
        asked.append(before)
        at = next(n for n, turn in enumerate(LONG) if turn["id"] == before)
        route.fulfill(json={"turns": LONG[max(0, at - SHOWN) : at]})

    page.route(f"**/c/{harness.CONVERSATION}/turns/?before=*", earlier)
    return asked


def open_long(page: Page, site: str, fragment: str = "") -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/{fragment}")


def test_a_page_begins_with_the_last_turns_and_fetches_more_as_one_scrolls_up(
    page: Page, long_site: str
) -> None:
    asked = serve_earlier(page)
    open_long(page, long_site)
    expect(page.locator("[data-turn] .line").last).to_be_in_viewport()
    assert asked == []
    page.evaluate("document.querySelector('[data-scroller]').scrollTop = 900")
    expect(page.locator("[data-turn]")).to_have_count(2 * SHOWN)
    assert asked == [LONG[-SHOWN]["id"]]
    order = page.locator("[data-turn]").evaluate_all("all => all.map((e) => e.dataset.turn)")
    assert order == [turn["id"] for turn in LONG[-2 * SHOWN :]]


def test_what_is_read_stays_where_it_is_while_earlier_turns_come(
    page: Page, long_site: str
) -> None:
    serve_earlier(page)
    open_long(page, long_site)
    page.evaluate("document.querySelector('[data-scroller]').scrollTop = 700")
    page.wait_for_function("document.querySelector('[data-scroller]').scrollTop > 0")
    place = """() => {
      const top = document.querySelector('[data-scroller]').getBoundingClientRect().top;
      const read = [...document.querySelectorAll('[data-turn]')]
        .find((e) => e.getBoundingClientRect().bottom > top);
      return [read.dataset.turn, Math.round(read.getBoundingClientRect().top)];
    }"""
    before = page.evaluate(place)
    expect(page.locator("[data-turn]")).to_have_count(2 * SHOWN)
    name, top = page.evaluate(place)
    assert name == before[0]
    assert abs(top - before[1]) <= 1


def test_a_turn_far_above_is_fetched_and_opened(page: Page, long_site: str) -> None:
    serve_earlier(page)
    open_long(page, long_site, f"#turn-{LONG[400]['id']}")
    expect(page.locator(f'[data-turn="{LONG[400]["id"]}"]')).to_be_focused()
    expect(page.get_by_text("Question 400?")).to_be_in_viewport()


def test_what_cannot_be_fetched_is_said_and_can_be_tried_again(page: Page, long_site: str) -> None:
    page.route("**/turns/?before=*", lambda route: route.fulfill(status=304))
    open_long(page, long_site)
    button = page.get_by_role("button", name="Show what was said before")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("cannot be shown at the moment")).to_be_visible()
    page.unroute("**/turns/?before=*")
    serve_earlier(page)
    page.keyboard.press("Enter")
    expect(page.locator("[data-turn]")).to_have_count(2 * SHOWN)


def test_the_beginning_of_a_conversation_offers_nothing_before_it(
    page: Page, long_site: str
) -> None:
    page.goto(f"{long_site}/c/short/")
    expect(page.locator("[data-turn]")).to_have_count(2)
    expect(page.get_by_role("button", name="Show what was said before")).to_be_hidden()


def test_news_of_turns_that_are_further_up_loads_nothing_anew(
    page: Page, long_site: str, wire: Wire
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_long(page, long_site)
    expect(page.locator("[data-turn]")).to_have_count(SHOWN)
    until(page, lambda: bool(wire.of("follow")))
    about = {"conversation": harness.CONVERSATION}
    turns = [{"turn": t["id"], "parent": t["parent"], "status": "done"} for t in LONG]
    wire.tell(type="following", **about, title="A new title", turns=turns)
    expect(page.get_by_role("heading", level=1)).to_have_text("A new title")
    expect(page.locator("[data-turn]")).to_have_count(SHOWN)
    assert not [url for url in asked if url.endswith("/turns/")]


def test_a_branch_that_is_loaded_anew_keeps_what_was_fetched_before_it(
    page: Page, long_site: str, wire: Wire
) -> None:
    serve_earlier(page)
    name = str(uuid.UUID(int=MANY + 1))
    new = {**LONG[0], "id": name, "parent": LONG[-1]["id"], "siblings": [name]}
    latest = {"turns": [*LONG[1 - SHOWN :], new]}
    page.route("**/turns/", lambda route: route.fulfill(json=latest))
    open_long(page, long_site)
    page.evaluate("document.querySelector('[data-scroller]').scrollTop = 900")
    expect(page.locator("[data-turn]")).to_have_count(2 * SHOWN)
    page.evaluate("document.querySelector('[data-turn]').dataset.kept = 'yes'")
    about = {"conversation": harness.CONVERSATION, "client_id": name, "status": "done"}
    wire.tell(type="turn", **about, turn=name, parent=LONG[-1]["id"])
    expect(page.locator("[data-turn]")).to_have_count(2 * SHOWN + 1)
    expect(page.locator("[data-kept]")).to_have_count(1)


# --- while an answer comes ------------------------------------------------------------------


WATCH = """() => {
  window.shifts = []; window.batches = []; window.frames = 0;
  const count = () => { window.frames += 1; requestAnimationFrame(count); };
  requestAnimationFrame(count);
  new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((e) => e.value)))
    .observe({ type: "layout-shift" });
  new MutationObserver(() => window.batches.push(window.frames))
    .observe(document.querySelector("[data-turns]"),
      { childList: true, subtree: true, characterData: true, attributes: true });
}"""


def stream(page: Page, wire: Wire, tokens: int = TOKENS) -> None:
    """So many tokens, one frame of the socket each, in paragraphs, with a list and a table."""
    for n in range(tokens):
        wire.happen(events.Text(f"word{n} " if n % 20 else "\n\nA new paragraph [1]. "))
    expect(page.locator(".prose").last).to_contain_text(f"word{tokens - 1}")


SET = ".prose:not(:empty)"


def all_set(page: Page, number: int) -> None:
    expect(page.locator(SET)).to_have_count(number)


def begin(page: Page, wire: Wire) -> None:
    ask(page, wire)
    wire.accept()
    wire.happen(*scripted.opening("q"), events.Text("It begins. "))
    expect(page.locator(".prose").last).to_contain_text("It begins.")


def measured(page: Page, wire: Wire) -> dict[str, float]:
    """What the browser did while an answer came, by its own count."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def read() -> dict[str, float]:
        metrics = session.send("Performance.getMetrics")["metrics"]
        frames: float = page.evaluate("window.frames")
        return {"frames": frames, **{metric["name"]: metric["value"] for metric in metrics}}

    page.evaluate(WATCH)
    before = read()
    stream(page, wire)
    after = read()
    return {name: after[name] - before[name] for name in after}


@pytest.mark.parametrize("name", ["short", harness.CONVERSATION])
def test_nothing_that_is_shown_moves_and_the_page_changes_once_a_frame(
    page: Page, long_site: str, wire: Wire, name: str
) -> None:
    page.goto(f"{long_site}/c/{name}/")
    begin(page, wire)
    all_set(page, SHOWN + 1 if name != "short" else 3)
    page.evaluate(WATCH)
    stream(page, wire)
    assert page.evaluate("window.shifts") == []
    batches = page.evaluate("window.batches")
    assert batches
    assert len(batches) == len(set(batches)), "more than one change of the document in a frame"


def test_a_word_costs_as_little_after_500_turns_as_after_two(
    page: Page, long_site: str, wire: Wire
) -> None:
    page.goto(f"{long_site}/c/short/")
    begin(page, wire)
    all_set(page, 3)
    short = measured(page, wire)
    page.goto(f"{long_site}/c/whole/")
    expect(page.locator("[data-turn]")).to_have_count(MANY)
    begin(page, wire)
    assert page.locator(SET).count() < MANY, "what is far away waits"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    all_set(page, MANY + 1)
    long = measured(page, wire)
    for cost in (short, long):
        assert cost["LayoutCount"] <= 4 * cost["frames"], "layouts go by frames, not by words"
    assert long["LayoutDuration"] < 5 * short["LayoutDuration"] + 0.05


def test_reading_further_up_is_not_disturbed_by_an_answer_that_grows(
    page: Page, long_site: str, wire: Wire
) -> None:
    page.goto(f"{long_site}/c/{harness.CONVERSATION}/")
    begin(page, wire)
    all_set(page, SHOWN + 1)
    page.evaluate("document.querySelector('[data-scroller]').scrollTop -= 1500")
    expect(page.get_by_role("button", name="Jump to latest")).to_be_visible()
    page.evaluate(WATCH)
    before = page.evaluate("document.querySelector('[data-scroller]').scrollTop")
    stream(page, wire)
    assert page.evaluate("document.querySelector('[data-scroller]').scrollTop") == before
    assert page.evaluate("window.shifts") == []
