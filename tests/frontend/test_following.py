"""Two windows of one conversation: what is done in one appears in the other."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from chatapp.conversations import events
from tests.frontend import harness, scripted
from tests.frontend.wire import CONVERSATION, Wire, ask, until

SECOND = "9a1d0000-0000-4000-8000-000000000002"
THIRD = "9a1d0000-0000-4000-8000-000000000003"
ANSWER = (events.Started("How many days?", "m"), events.Text("28 days."), events.Ended("done"))


@pytest.fixture
def answered(page: Page, site: str, wire: Wire) -> Page:
    """A page on which one question was asked and answered."""
    page.goto(site)
    ask(page, wire)
    wire.accept()
    wire.happen(*ANSWER)
    expect(page.locator(".answer")).to_have_text("28 days.")
    return page


def tell(wire: Wire, kind: str, **more: Any) -> None:
    wire.tell(type=kind, conversation=CONVERSATION, **more)


def asked_elsewhere(wire: Wire, turn: str, parent: str | None, **more: Any) -> None:
    about = {"client_id": "of-another-window", "status": "running", "question": "And weeks?"}
    tell(wire, "turn", turn=turn, parent=parent, **{**about, **more})


def serve(page: Page, *turns: dict[str, Any]) -> list[str]:
    """The server shows ``turns`` from now on; gives the requests for them."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=json.dumps({"turns": turns}), content_type="application/json")

    page.route(f"**/c/{CONVERSATION}/turns/", answer)
    return asked


def stored(name: str, answer: str, **more: Any) -> dict[str, Any]:
    turn = scripted.turn("How many days?", events.Text(answer), events.Ended("done"))
    return {**turn, "id": name, "siblings": [name], **more}


def test_the_open_conversation_is_followed_again_after_a_reconnect(
    page: Page, site: str, wire: Wire
) -> None:
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    follow = {"type": "follow", "conversation": harness.CONVERSATION}
    until(page, lambda: wire.of("follow") == [follow])
    wire.sockets[-1].close(code=1012)
    until(page, lambda: wire.of("follow") == [follow, follow])


def test_a_new_conversation_is_followed_once_it_has_begun(answered: Page, wire: Wire) -> None:
    until(answered, lambda: len(wire.of("follow")) == 1)
    assert wire.of("follow")[0]["conversation"] == CONVERSATION


def test_a_question_of_another_window_appears_and_is_answered_here_too(
    answered: Page, wire: Wire
) -> None:
    asked_elsewhere(wire, SECOND, scripted.TURN)
    expect(answered.locator(".question").last).to_have_text("And weeks?")
    until(answered, lambda: wire.of("attach")[-1:] == [attach(SECOND)])
    expect(answered.get_by_role("button", name="Stop")).to_be_visible()
    wire.seq = 0
    wire.happen(events.Started("And weeks?", "m"), events.Text("5.6."), turn=SECOND)
    expect(answered.locator(".answer").last).to_have_text("5.6.")
    spoken = answered.locator("[data-live] p").all_inner_texts()
    assert "Asked in another window: And weeks?" in spoken


def attach(turn: str) -> dict[str, Any]:
    return {"type": "attach", "turn": turn, "after": 0}


def test_what_is_told_twice_appears_once(answered: Page, wire: Wire) -> None:
    for _ in range(2):
        asked_elsewhere(wire, SECOND, scripted.TURN)
    asked_elsewhere(wire, scripted.TURN, None)
    tell(wire, "renamed", title="Told last")
    expect(answered.get_by_role("heading", level=1)).to_have_text("Told last")
    expect(answered.locator("[data-turn]")).to_have_count(2)


def test_a_question_of_ones_own_that_is_told_before_it_is_accepted_appears_once(
    answered: Page, wire: Wire
) -> None:
    ask(answered, wire, "And weeks?")
    own = wire.of("send")[-1]["client_id"]
    asked_elsewhere(wire, SECOND, scripted.TURN, client_id=own)
    wire.accept(SECOND, parent=scripted.TURN)
    expect(answered.locator(f"[data-turn='{SECOND}']")).to_be_visible()
    expect(answered.locator("[data-turn]")).to_have_count(2)


def test_another_version_made_elsewhere_takes_the_place_of_the_one_shown(
    answered: Page, wire: Wire
) -> None:
    versions = [scripted.TURN, SECOND]
    serve(answered, stored(SECOND, "Twenty-eight.", siblings=versions))
    asked_elsewhere(wire, SECOND, None, question="How many days?")
    expect(answered.locator(".answer")).to_have_text("Twenty-eight.")
    expect(answered.locator(".versions")).to_contain_text("2 of 2")


def test_what_was_missed_while_away_is_fetched(answered: Page, wire: Wire) -> None:
    first = stored(scripted.TURN, "28 days.")
    serve(answered, first, stored(SECOND, "5.6.", parent=scripted.TURN))
    node = answered.locator("[data-turn]").first.element_handle()
    nodes = [
        {"turn": scripted.TURN, "parent": None, "status": "done"},
        {"turn": SECOND, "parent": scripted.TURN, "status": "done"},
    ]
    tell(wire, "following", title="How many days?", turns=nodes)
    expect(answered.locator(".answer").last).to_have_text("5.6.")
    assert node
    assert node.evaluate("node => node.isConnected"), "what is read already stays as it is"


def test_other_branches_are_no_news(answered: Page, wire: Wire) -> None:
    asked = serve(answered)
    unknown = {"turn": THIRD, "parent": SECOND, "status": "done"}
    tell(wire, "following", title="Elsewhere", turns=[unknown])
    expect(answered.get_by_role("heading", level=1)).to_have_text("Elsewhere")
    assert asked == []
    expect(answered.locator("[data-turn]")).to_have_count(1)


def test_what_the_model_was_not_told_is_said_and_opens_to_the_questions(
    answered: Page, wire: Wire
) -> None:
    ask(answered, wire, "And weeks?")
    wire.accept(SECOND, parent=scripted.TURN)
    left_out = events.LeftOut((scripted.TURN, THIRD), 1)
    wire.happen(events.Started("And weeks?", "m"), left_out, turn=SECOND)
    line = answered.locator(".left-out:visible")
    expect(line).to_contain_text("2 earlier questions and 1 passage were not told to the model")
    line.locator("summary").click()
    expect(line.locator("li")).to_have_text(["How many days?", "A question that is not shown here"])


def test_a_summary_of_earlier_turns_is_said_and_opens(answered: Page, wire: Wire) -> None:
    ask(answered, wire, "And weeks?")
    wire.accept(SECOND, parent=scripted.TURN)
    wire.happen(events.Started("And weeks?", "m"), events.Compacting(4), turn=SECOND)
    expect(answered.locator(".waiting:visible")).to_have_text("Summing up 4 earlier questions")
    summary = "They spoke of <b>leave</b>."
    wire.happen(events.Compacted((scripted.TURN,), summary), events.Text("5.6."), turn=SECOND)
    line = answered.locator(".left-out:visible")
    expect(line).to_contain_text("1 earlier question was told to the model as a summary")
    line.locator("summary").click()
    expect(line.get_by_text(summary)).to_be_visible()


def test_a_new_name_appears(answered: Page, wire: Wire) -> None:
    tell(wire, "renamed", title="Leave & <b>absence</b>")
    expect(answered.get_by_role("heading", level=1)).to_have_text("Leave & <b>absence</b>")
    assert answered.title().startswith("Leave & <b>")


def test_a_deleted_conversation_says_so_and_takes_no_more_questions(
    answered: Page, wire: Wire
) -> None:
    tell(wire, "error", code="not_found", message="No such thing.")
    expect(answered.locator("#composer-says")).to_contain_text("This conversation was deleted.")
    answered.get_by_label("Your question").fill("And weeks?")
    expect(answered.get_by_role("button", name="Send")).to_be_disabled()
    answered.keyboard.press("Enter")
    expect(answered.get_by_label("Your question")).to_have_value("And weeks?")
    expect(answered.locator("#composer-says")).to_contain_text("This conversation was deleted.")
    assert len(wire.of("send")) == 1


def test_steps_that_are_no_longer_kept_are_read_from_the_conversation(
    answered: Page, wire: Wire
) -> None:
    asked_elsewhere(wire, SECOND, scripted.TURN)
    expect(answered.locator("[data-turn]")).to_have_count(2)
    serve(answered, stored(scripted.TURN, "28 days."), stored(SECOND, "5.6.", parent=scripted.TURN))
    wire.tell(type="error", code="gone", message="No longer kept.", turn=SECOND)
    expect(answered.locator(".answer").last).to_have_text("5.6.")
