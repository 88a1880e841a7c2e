"""The chat page, with a socket whose other end is the test."""

import itertools
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from chatapp.conversations import events
from tests.frontend import harness, scripted

CONVERSATION = "77e20000-0000-4000-8000-000000000099"


class Wire:
    """The server's end of the page's socket: what came, and what to say."""

    def __init__(self) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.frames: list[dict[str, Any]] = []
        self.seq = 0

    def connect(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda data: self.frames.append(json.loads(data)))

    def tell(self, **frame: Any) -> None:
        self.sockets[-1].send(json.dumps(frame))

    def accept(self) -> None:
        sent = self.of("send")[-1]
        self.tell(
            type="accepted",
            client_id=sent["client_id"],
            turn=scripted.TURN,
            conversation=sent["conversation"] or CONVERSATION,
            title=sent["text"][:20],
        )

    def happen(self, *told: events.Event) -> None:
        for event in told:
            self.seq += 1
            self.tell(type="event", turn=scripted.TURN, seq=self.seq, event=events.to_wire(event))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]


@pytest.fixture
def wire(page: Page) -> Wire:
    wire = Wire()
    page.route_web_socket("**/ws/chat/", wire.connect)
    return wire


def until(page: Page, true: Callable[[], bool]) -> None:
    """Waits, while the browser's messages come in, for ``true``."""
    for _ in range(200):
        if true():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not happen within five seconds")


def ask(page: Page, wire: Wire, question: str = "How many days?") -> None:
    before = len(wire.of("send"))
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    until(page, lambda: len(wire.of("send")) > before)


def test_a_question_is_asked_and_answered(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    expect(page.get_by_text("What would you like to know?")).to_be_visible()
    ask(page, wire)
    expect(page.get_by_text("What would you like to know?")).to_be_hidden()
    assert wire.of("send")[0]["conversation"] is None
    assert wire.of("send")[0]["collections"] is None
    assert uuid.UUID(wire.of("send")[0]["client_id"]).version == 4
    wire.accept()
    wire.happen(*scripted.opening("How many days?"))
    expect(page.locator(".waiting")).to_have_text("Reading 3 passages")
    wire.happen(events.Text("You have **28"), events.Text(" days** [1]."), events.Cited(1, 21))
    expect(page.locator(".prose strong")).to_have_text("28 days")
    wire.happen(scripted.PASSED["response"], events.Usage(1, 2), events.Ended("done"))
    expect(page.locator(".waiting")).to_be_hidden()
    expect(page.get_by_role("button", name="Checked, policy 1")).to_be_visible()
    assert page.url.endswith(f"/c/{CONVERSATION}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("How many days?")


def test_a_second_question_goes_on_in_the_same_conversation(
    page: Page, site: str, wire: Wire
) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(events.Started("How many days?", "m"), events.Text("28."), events.Ended("done"))
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    ask(page, wire, "And in France?")
    assert wire.of("send")[1]["conversation"] == CONVERSATION


def test_shift_and_enter_breaks_the_line(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    field = page.get_by_label("Your question")
    field.fill("one")
    field.press("Shift+Enter")
    field.type("two")
    assert field.input_value() == "one\ntwo"
    assert wire.frames == []


def test_send_becomes_stop_in_the_same_spot(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    spot = page.locator("[data-send]").bounding_box()
    ask(page, wire)
    wire.accept()
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    assert stop.bounding_box() == spot
    stop.click()
    until(page, lambda: wire.of("stop") == [{"type": "stop", "turn": scripted.TURN}])
    wire.happen(events.Started("q", "m"), events.Text("Some"), events.Ended("stopped", ""))
    expect(page.locator(".ending")).to_contain_text("Stopped. What was written is kept.")
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_escape_stops(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    expect(page.locator(".waiting")).to_have_text("Checking your question")
    page.keyboard.press("Escape")
    until(page, lambda: len(wire.of("stop")) == 1)


def test_a_question_stopped_before_it_was_accepted_is_stopped_then(
    page: Page, site: str, wire: Wire
) -> None:
    page.goto(site)
    ask(page, wire)
    page.keyboard.press("Escape")
    wire.accept()
    until(page, lambda: len(wire.of("stop")) == 1)


def test_ask_again_sends_the_same_question(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(
        events.Started("How many days?", "m"), events.Ended("failed", "The model server went away.")
    )
    expect(page.get_by_text("The model server went away.")).to_be_visible()
    page.get_by_role("button", name="Ask again").click()
    until(page, lambda: len(wire.of("send")) == 2)
    first, second = wire.of("send")
    assert first["text"] == second["text"]
    assert first["client_id"] != second["client_id"]


def test_a_lost_connection_is_said_and_the_rest_fetched(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(events.Started("q", "m"), events.Text("You have "))
    expect(page.locator(".prose")).to_contain_text("You have")
    wire.sockets[-1].close(code=1012)
    expect(page.locator("[data-composer-says]")).to_contain_text("Reconnecting")
    expect(page.locator(".waiting")).to_have_text("Reconnecting")
    until(page, lambda: len(wire.of("attach")) == 1)
    assert wire.of("attach")[0] == {"type": "attach", "turn": scripted.TURN, "after": 2}
    wire.happen(events.Text("28 days."), events.Ended("done"))
    expect(page.locator(".prose")).to_have_text("You have 28 days.")
    expect(page.locator("[data-composer-says]")).to_be_empty()


def test_a_refused_question_comes_back_to_the_field(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire, "My question")
    client_id = wire.of("send")[0]["client_id"]
    wire.tell(type="error", code="unavailable", message="Ask later.", client_id=client_id)
    expect(page.get_by_text("Ask later.")).to_be_visible()
    expect(page.get_by_label("Your question")).to_have_value("My question")
    expect(page.locator(".turn")).to_have_count(0)


def test_a_request_that_was_blocked_shows_why(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire, "How would I poison a colleague?")
    wire.accept()
    wire.happen(*map(events.from_wire, scripted.withheld()["events"]))
    expect(page.locator(".withheld")).to_contain_text("This question was not answered")
    expect(page.locator(".withheld")).to_contain_text("a violent crime")
    seal = page.get_by_role("button", name="Withheld, policy 1")
    seal.click()
    expect(page.locator(".seal-panel")).to_contain_text("Violent Crimes S1, 97%")
    page.get_by_role("button", name="Change the question").click()
    expect(page.get_by_label("Your question")).to_have_value("How would I poison a colleague?")


def test_a_failed_judge_is_said(page: Page, site: str) -> None:
    page.goto(f"{site}/c/ends/")
    expect(page.locator(".failures")).to_contain_text(
        "llama-guard3:8b gave no answer within 10 seconds."
    )


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


def test_collections_are_chosen_by_chips(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    chip = page.get_by_role("button", name="Finance", exact=True)
    expect(chip).to_have_attribute("aria-pressed", "true")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")
    ask(page, wire)
    assert wire.of("send")[0]["collections"] == [scripted.HANDBOOK["id"]]


def test_too_long_a_question_cannot_be_sent(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    page.get_by_label("Your question").fill("x" * 16_003)
    expect(page.get_by_text("Too long by 3 characters")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.keyboard.press("Enter")
    assert wire.frames == []


def test_the_field_grows_to_eight_lines(page: Page, site: str) -> None:
    page.goto(site)
    field = page.get_by_label("Your question")
    heights = []
    for lines in (1, 2, 8, 9, 30):
        field.fill("\n".join(["x"] * lines))
        box = field.bounding_box()
        assert box is not None
        heights.append(round(box["height"]))
    one, two, eight, nine, thirty = heights
    assert one < two < eight
    assert eight <= nine == thirty <= eight + 12


def test_an_example_goes_to_the_field(page: Page, site: str) -> None:
    page.goto(site)
    expect(page.locator("[data-example]")).to_have_count(3)
    page.locator("[data-example]").first.click()
    assert "Company handbook" in page.get_by_label("Your question").input_value()


def test_the_demonstration_model_is_named_as_one(page: Page, site: str) -> None:
    page.goto(site)
    expect(page.get_by_text("small demonstration model")).to_be_visible()
    page.get_by_role("button", name="Connect a better one").click()
    dialog = page.get_by_role("dialog", name="Connect a model")
    for setting in ("MODEL_URL", "MODEL_KIND", "MODEL_NAME", "MODEL_API_KEY"):
        expect(dialog).to_contain_text(setting)


def test_conversations_are_found_by_title(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_label("Find a conversation by its title").fill("lisbon")
    expect(page.locator("li[data-id]:visible")).to_have_count(1)
    expect(page.locator("[data-group]:visible")).to_have_count(1)
    page.get_by_label("Find a conversation by its title").fill("nothing like it")
    expect(page.get_by_text("No title has these words.")).to_be_visible()


def test_a_conversation_is_renamed(page: Page, site: str) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    posted: list[str] = []
    answer = harness.rendered("conversations/list.html", {"groups": []})

    def renamed(route: Route) -> None:
        posted.append(route.request.post_data or "")
        route.fulfill(body=answer)

    page.route(re.compile("/rename/$"), renamed)
    row = page.locator("li[data-id]").first
    row.hover()
    row.get_by_role("button", name="Rename").click()
    page.get_by_label("Title", exact=True).fill("Leave, in short")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Leave, in short")
    assert "Leave, in short" in posted[0]
    assert "csrfmiddlewaretoken" in posted[0]


def test_deleting_asks_first(page: Page, site: str) -> None:
    page.goto(site)
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.method))
    row = page.locator("li[data-id]").nth(1)
    row.hover()
    row.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete this conversation?")
    expect(dialog).to_contain_text("Travel to the Lisbon office")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert "POST" not in posted


def test_the_list_is_a_drawer_on_a_phone(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site)
    drawer = page.get_by_role("navigation", name="Conversations")
    expect(drawer).to_be_hidden()
    page.get_by_role("button", name="Conversations").click()
    expect(drawer).to_be_visible()
    expect(page.get_by_label("Find a conversation by its title")).to_be_focused()
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


def test_an_answer_is_spoken_by_sentence(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(events.Started("q", "m"), events.Text("You have **28"), events.Text(" days**. A"))
    live = page.locator("[data-live]")
    expect(live.locator("p").last).to_have_text("You have 28 days .")
    wire.happen(events.Text("sk."), events.Ended("done"))
    expect(live.locator("p").last).to_have_text("Answer complete, 0 sources.")
    assert live.locator("p").all_inner_texts()[-2] == "Ask."


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
