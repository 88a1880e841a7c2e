"""How an answer stands on the page, on every screen."""

import itertools

import pytest
from playwright.sync_api import Page, expect

from chatapp.conversations import events
from tests.frontend import harness, scripted
from tests.frontend.wire import Wire, ask


def test_a_number_opens_its_passage(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    page.get_by_role("button", name="Source 2: Leave and absence.pdf").first.click()
    dialog = page.get_by_role("dialog", name="Source 2")
    expect(dialog).to_contain_text("Everyone has 28 days of paid leave a year.")
    expect(dialog).to_contain_text("<script>alert(1)</script>")
    expect(dialog).to_contain_text("Company handbook")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.className") == "cite"


def test_notes_stand_beside_their_marks_and_never_over_another(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    expect(page.locator(".note")).to_have_count(3)
    places = page.evaluate(
        """() => [...document.querySelectorAll(".note")].map((note) => {
          const mark = document.querySelector(`.cite[data-number="${note.dataset.number}"]`);
          const { top, bottom, left } = note.getBoundingClientRect();
          const answer = document.querySelector(".reply").getBoundingClientRect();
          return { top, bottom, beside: left > answer.right,
                   mark: mark?.getBoundingClientRect().top ?? null };
        })"""
    )
    assert all(place["beside"] for place in places)
    assert all(place["mark"] is None or place["top"] >= place["mark"] - 24 for place in places)
    assert all(a["bottom"] <= b["top"] for a, b in itertools.pairwise(places))


@pytest.mark.parametrize("width", [1000, 390])
def test_sources_stand_under_the_answer_on_narrow_screens(
    page: Page, site: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    under = page.evaluate(
        """() => document.querySelector(".sources").getBoundingClientRect().top
          >= document.querySelector(".line").getBoundingClientRect().bottom"""
    )
    assert under


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1000, 900), (390, 844), (320, 568)])
@pytest.mark.parametrize("path", ["/", f"/c/{harness.CONVERSATION}/", "/c/ends/"])
def test_nothing_scrolls_sideways(
    page: Page, site: str, width: int, height: int, path: str
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{site}{path}")
    expect(page.get_by_label("Your question")).to_be_visible()
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body, main, .chat, .centre, .scroller, .composer")]
          .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className)"""
    )
    assert wide == []


def test_at_twice_the_size_nothing_is_cut(page: Page, site: str) -> None:
    # 200 % on a screen of 1280 by 1024 leaves 640 by 512.
    page.set_viewport_size({"width": 640, "height": 512})
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    box = page.get_by_label("Your question").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 512
    seen = page.evaluate("document.querySelector('[data-scroller]').clientHeight")
    assert seen >= 200


def test_a_page_without_questions_is_read_from_its_top(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    page.goto(site)
    expect(page.locator("[data-chips] button").first).to_be_visible()
    expect(page.get_by_text("What would you like to know?")).to_be_in_viewport()
    scroller = page.locator("[data-scroller]")
    assert scroller.evaluate("(one) => one.scrollHeight > one.clientHeight && one.scrollTop") == 0
    scroller.evaluate(
        """(one) => new Promise((done) => {
          one.addEventListener("scroll", () => requestAnimationFrame(done), { once: true });
          one.scrollTop = 10;
        })"""
    )
    expect(page.get_by_role("button", name="Jump to latest")).to_be_hidden()


def test_the_list_of_sources_has_no_title_before_it_has_a_source(
    page: Page, site: str, wire: Wire
) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(*scripted.opening("q"), events.Text("Well, "))
    title = page.locator(".notes-title")
    expect(title).to_be_hidden()
    wire.happen(events.Text("so it is [2]."), events.Cited(2, 14))
    expect(title).to_be_visible()


def test_what_is_read_stays_where_it_is_while_text_comes(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(*scripted.opening("q"), events.Text(scripted.ANSWER * 3))
    expect(page.locator(".prose table")).to_have_count(3)
    scroller = page.locator("[data-scroller]")
    scroller.evaluate("(one) => { one.scrollTop = 200; }")
    latest = page.get_by_role("button", name="Jump to latest")
    expect(latest).to_be_visible()
    before = page.locator(".prose .block").nth(3).bounding_box()
    wire.happen(*(events.Text(f"\n\nParagraph {n} [2].") for n in range(20)))
    expect(page.locator(".prose")).to_contain_text("Paragraph 19")
    assert page.locator(".prose .block").nth(3).bounding_box() == before
    latest.click()
    expect(latest).to_be_hidden()
    wire.happen(*(events.Text(f"\n\nLine {n}.") for n in range(20)))
    expect(page.get_by_text("Line 19.")).to_be_in_viewport()


def test_the_page_changes_once_a_frame(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(events.Started("q", "m"), events.Text("Words "))
    expect(page.locator(".prose")).to_contain_text("Words")
    page.evaluate(
        """() => {
          window.changes = []; window.frames = 0;
          const count = () => { window.frames += 1; requestAnimationFrame(count); };
          requestAnimationFrame(count);
          new MutationObserver(() => window.changes.push(window.frames))
            .observe(document.querySelector(".prose"), { childList: true, subtree: true });
        }"""
    )
    wire.happen(*(events.Text(f"word{n} ") for n in range(200)))
    expect(page.locator(".prose")).to_contain_text("word199")
    changes = page.evaluate("window.changes")
    assert 0 < len(changes) < 200
    assert len(changes) == len(set(changes))


def test_the_keys_are_told_by_a_question_mark(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_label("Your question").fill("what?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_label("Your question").blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Your question")).to_be_focused()


def test_everything_is_reached_by_keyboard(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className || document.activeElement.id"))
    for wanted in ("skip-link visually-hidden", "cite", "note-button", "chip", "question"):
        assert wanted in reached


def test_the_theme_is_kept(page: Page, site: str) -> None:
    page.goto(site)
    button = page.get_by_role("button", name="Theme: system")
    button.click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") in {"dark", "normal"}
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_nothing_moves_for_those_who_ask_for_it(page: Page, site: str, wire: Wire) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(site)
    ask(page, wire)
    wire.accept()
    expect(page.locator(".waiting")).to_be_visible()
    assert (
        page.evaluate(
            "document.getAnimations().filter((one) => one.playState === 'running').length"
        )
        == 0
    )


def test_it_prints_the_conversation_alone(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    page.emulate_media(media="print")
    expect(page.locator(".sidebar")).to_be_hidden()
    expect(page.locator(".composer-frame")).to_be_hidden()
    expect(page.locator(".prose")).to_be_visible()
    expect(page.locator(".sources")).to_be_visible()
    cut = page.evaluate("getComputedStyle(document.querySelector('[data-scroller]')).overflowY")
    assert cut == "visible"


def test_text_from_right_to_left_is_set_so(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire, "كم يوما؟")
    wire.accept()
    wire.happen(events.Started("كم يوما؟", "m"), events.Text("لديك ٢٨ يوما."), events.Ended("done"))
    expect(page.locator(".prose p")).to_have_css("direction", "rtl")
    expect(page.locator(".question")).to_have_css("direction", "rtl")


def test_marks_of_what_is_written_from_right_to_left_stand_on_its_right(
    page: Page, site: str, wire: Wire
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site)
    ask(page, wire, "كم يوما؟")
    wire.accept()
    answer = "1. اطلب من مديرك\n2. English\n\n> كم يوما\n\n| أ | ب |\n| --- | --- |\n| ١ | ٢ |"
    wire.happen(events.Started("كم يوما؟", "m"), events.Text(answer), events.Ended("done"))
    for mark in ("ol", "blockquote", "table"):
        expect(page.locator(f".prose {mark}")).to_have_css("direction", "rtl")
    places = page.evaluate(
        """() => ["th:first-child", "th:last-child", ".question", ".prose"].map((name) => {
          const { left, right } = document.querySelector(name).getBoundingClientRect();
          return [left, right];
        })"""
    )
    assert places[0][0] > places[1][0], "the first column is on the right"
    assert places[2][1] == places[3][1], "and so is the question"
