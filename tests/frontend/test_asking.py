"""A question and its answer, with a socket whose other end is the test."""

import uuid

from playwright.sync_api import Page, expect

from chatapp.conversations import events
from tests.frontend import scripted
from tests.frontend.wire import CONVERSATION, Wire, ask, until


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
    expect(page.locator(".ending")).to_contain_text("The model server went away.")
    page.get_by_role("button", name="Ask again").click()
    until(page, lambda: len(wire.of("regenerate")) == 1)
    again = wire.of("regenerate")[0]
    assert again["turn"] == scripted.TURN
    assert again["client_id"] != wire.of("send")[0]["client_id"]
    expect(page.locator("[data-turn]")).to_have_count(1)


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
    failed = page.locator(".turn", has=page.locator(".failures"))
    expect(failed.get_by_role("button", name="Ask again")).to_be_visible()


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
