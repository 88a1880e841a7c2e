"""Questions that are asked while one is answered: they stand in the thread and wait."""

import pytest
from playwright.sync_api import Locator, Page, expect

from chatapp.conversations import events
from tests.frontend import scripted
from tests.frontend.test_following import SECOND, THIRD, serve
from tests.frontend.wire import CONVERSATION, Wire, ask, until

BEHIND = "Waiting for the answer before it"


@pytest.fixture
def busy(page: Page, site: str, wire: Wire) -> Page:
    """A page on which a question is being answered."""
    page.goto(site)
    ask(page, wire, "One?")
    wire.accept()
    wire.happen(events.Started("One?", "m"), events.Text("The first answer "))
    expect(page.locator(".answer")).to_have_text("The first answer")
    return page


@pytest.fixture
def queued(busy: Page, wire: Wire) -> Page:
    """One that waits stands behind it."""
    ask(busy, wire, "Two?")
    wire.accept(SECOND, status="queued", parent=scripted.TURN)
    expect(waits(busy)).to_have_count(1)
    return busy


def waits(page: Page) -> Locator:
    return page.locator(".waiting", has_text=BEHIND)


def questions(page: Page) -> list[str]:
    return page.locator(".question").all_inner_texts()


def test_a_question_waits_behind_the_one_that_is_answered(queued: Page, wire: Wire) -> None:
    assert questions(queued) == ["One?", "Two?"]
    wire.happen(events.Text("is done."), events.Ended("done"))
    wire.seq = 0
    wire.happen(events.Started("Two?", "m"), events.Text("Second."), turn=SECOND)
    expect(queued.locator(".answer").last).to_have_text("Second.")
    expect(queued.locator(".answer").first).to_have_text("The first answer is done.")
    expect(waits(queued)).to_have_count(0)


def test_stop_stays_in_its_spot_while_the_next_question_is_written(busy: Page, wire: Wire) -> None:
    stop, queue = (busy.get_by_role("button", name=name) for name in ("Stop", "Queue"))
    spot = stop.bounding_box()
    expect(queue).to_be_hidden()
    busy.get_by_label("Your question").fill("Two?")
    expect(queue).to_be_enabled()
    assert stop.bounding_box() == spot
    stop.click()
    until(busy, lambda: wire.of("stop") == [{"type": "stop", "turn": scripted.TURN}])
    expect(busy.get_by_label("Your question")).to_have_value("Two?")


def test_stop_stops_what_is_answered_and_not_what_waits(queued: Page, wire: Wire) -> None:
    queued.get_by_role("button", name="Stop").click()
    until(queued, lambda: wire.of("stop") == [{"type": "stop", "turn": scripted.TURN}])


def test_what_waits_can_be_taken_back_and_changed(queued: Page, wire: Wire) -> None:
    queued.get_by_role("button", name="Take back").click()
    until(queued, lambda: wire.of("stop") == [{"type": "stop", "turn": SECOND}])
    reason = "The question was taken back before its turn came."
    wire.seq = 0
    wire.happen(events.Started("Two?", ""), events.Ended("stopped", reason), turn=SECOND)
    last = queued.locator(".turn").last
    expect(last.locator(".ending")).to_contain_text(reason)
    last.get_by_role("button", name="Change the question").click()
    ask(queued, wire, "Two, please?")
    assert wire.of("send")[-1]["parent"] == scripted.TURN
    expect(queued.locator(".question").last).to_have_text("Two, please?")
    assert questions(queued) == ["One?", "Two, please?"]


def test_questions_keep_their_order_while_they_are_accepted(busy: Page, wire: Wire) -> None:
    ask(busy, wire, "Two?")
    two = wire.of("send")[-1]["client_id"]
    ask(busy, wire, "Three?")
    about = {"type": "accepted", "conversation": wire.of("send")[-1]["conversation"], "title": "t"}
    wire.tell(client_id=two, turn=SECOND, parent=scripted.TURN, status="queued", **about)
    wire.accept(THIRD, status="queued", parent=SECOND)
    expect(waits(busy)).to_have_count(2)
    assert questions(busy) == ["One?", "Two?", "Three?"]
    wire.happen(events.Ended("done"))
    expect(busy.get_by_role("button", name="Send")).to_be_visible()


def test_a_question_asked_twice_by_a_double_press_is_asked_once(busy: Page, wire: Wire) -> None:
    busy.get_by_label("Your question").fill("Two?")
    busy.keyboard.press("Enter")
    busy.keyboard.press("Enter")
    until(busy, lambda: len(wire.of("send")) == 2)
    assert [frame["text"] for frame in wire.of("send")] == ["One?", "Two?"]


def test_one_question_too_many_comes_back_before_what_was_written_since(
    busy: Page, wire: Wire
) -> None:
    ask(busy, wire, "Two?")
    busy.get_by_label("Your question").fill("Three?")
    refused = {"code": "busy", "message": "Enough questions wait here already."}
    wire.tell(type="error", client_id=wire.of("send")[-1]["client_id"], **refused)
    expect(busy.locator("#composer-says")).to_have_text("Enough questions wait here already.")
    expect(busy.get_by_label("Your question")).to_have_value("Two?\nThree?")
    assert questions(busy) == ["One?"]


def test_a_broken_answer_goes_on_in_its_place(busy: Page, wire: Wire) -> None:
    wire.happen(events.Ended("interrupted", "The answer was interrupted."))
    expect(busy.locator(".ending")).to_contain_text("interrupted. What was written is kept.")
    busy.get_by_role("button", name="Go on").dblclick()
    until(busy, lambda: len(wire.of("continue")) == 1)
    assert wire.of("continue")[0]["turn"] == scripted.TURN
    expect(busy.locator(".answer")).to_have_text("The first answer")
    wire.accept(SECOND)
    kept = events.Continued(scripted.TURN, "The first answer ")
    wire.happen(events.Started("One?", "m"), kept, events.Text("goes on."), turn=SECOND)
    expect(busy.locator(".answer")).to_have_text("The first answer goes on.")
    wire.happen(events.Ended("done"), turn=SECOND)
    expect(busy.locator(".versions")).to_contain_text("2 of 2")
    expect(busy.get_by_role("button", name="Go on")).to_have_count(0)
    assert questions(busy) == ["One?"]


def test_an_answer_that_may_not_go_on_is_shown_as_it_was(busy: Page, wire: Wire) -> None:
    wire.happen(events.Ended("stopped"))
    stored = scripted.turn("One?", events.Text("The first answer"), events.Ended("stopped"))
    serve(busy, {**stored, "id": scripted.TURN, "status": "stopped"})
    busy.get_by_role("button", name="Go on").click()
    until(busy, lambda: len(wire.of("continue")) == 1)
    client = wire.of("continue")[0]["client_id"]
    wire.tell(type="error", code="whole", message="Nothing to go on from.", client_id=client)
    expect(busy.locator("#composer-says")).to_have_text("Nothing to go on from.")
    expect(busy.locator(".answer")).to_have_text("The first answer")
    expect(busy.get_by_label("Your question")).to_have_value("")


def test_another_version_of_an_earlier_question_waits_for_the_person(
    page: Page, site: str, wire: Wire
) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(events.Started("How many days?", "m"), events.Text("28."), events.Ended("done"))
    ask(page, wire, "And weeks?")
    wire.accept(SECOND, parent=scripted.TURN)
    page.get_by_role("button", name="Answer anew").click()
    expect(page.locator("#composer-says")).to_contain_text("Wait for it or stop it first.")
    page.get_by_role("button", name="Edit question").click()
    page.get_by_label("Your question").fill("How many weeks?")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-says")).to_contain_text("Wait for it or stop it first.")
    expect(page.get_by_label("Your question")).to_have_value("How many weeks?")
    assert wire.of("regenerate") == []
    assert len(wire.of("send")) == 2


def test_a_page_that_is_opened_meanwhile_shows_what_waits(
    page: Page, site: str, wire: Wire
) -> None:
    page.goto(site)
    ask(page, wire)
    wire.accept()
    turns = [
        {**scripted.turn("One?", status="running"), "id": scripted.TURN},
        {**scripted.turn("Two?", status="queued"), "id": SECOND, "parent": scripted.TURN},
    ]
    serve(page, *turns)
    nodes = [{"turn": each["id"], "parent": each["parent"], "status": "-"} for each in turns]
    wire.tell(type="following", conversation=CONVERSATION, title="t", turns=nodes)
    expect(waits(page)).to_have_count(1)
    until(page, lambda: wire.of("attach")[-1:] == [{"type": "attach", "turn": SECOND, "after": 0}])
