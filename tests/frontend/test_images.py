"""Images on the page: with one question, for models that see, and shown with it."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from chatapp.conversations import events
from tests.frontend import scripted
from tests.frontend.wire import CONVERSATION, Wire, ask, until

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
SEES = {"sees": True}
PHOTO = {"name": "pump.png", "mimeType": "image/png", "buffer": PIXEL}


@pytest.fixture
def server(page: Page) -> dict[str, Any]:
    """What the server answers to the next image."""
    answer: dict[str, Any] = {"file": {"id": "i1"}}

    def begin(route: Route) -> None:
        route.fulfill(json={"conversation": CONVERSATION})

    page.route("**/c/begin/", begin)
    page.route("**/c/*/images/upload/", lambda route: route.fulfill(json=answer))
    page.route("**/images/i1/remove/", lambda route: route.fulfill(status=204))
    page.route("**/images/i1/", lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
    return answer


def choose(page: Page) -> None:
    page.locator("[data-file-input]").set_input_files(PHOTO)  # type: ignore[arg-type]  # one file


def chip(page: Page) -> Any:
    return page.get_by_role("list", name="Images to send").get_by_role("listitem")


def test_an_image_goes_with_the_next_question_and_is_shown_with_it(
    page: Page, site: str, wire: Wire, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripted, "SMOLLM", scripted.SMOLLM | SEES)
    page.goto(site)
    choose(page)
    expect(chip(page)).to_contain_text("Ready")
    ask(page, wire, "What is it?")
    assert wire.of("send")[-1]["images"] == ["i1"]
    wire.accept()
    wire.happen(events.Started("q", "m"), events.Text("A pump."), events.Ended("done"))
    expect(page.get_by_role("img", name="Image 1 of the question")).to_be_visible()
    expect(chip(page)).to_have_count(0)
    ask(page, wire, "And now?")
    assert "images" not in wire.of("send")[-1]


def test_one_that_is_taken_away_before_its_turn_is_not_sent(
    page: Page, site: str, wire: Wire, server: dict[str, Any]
) -> None:
    coming: list[Route] = []

    def hold(route: Route) -> None:
        coming.append(route)

    page.route("**/c/*/images/upload/", hold)
    page.goto(site)
    page.locator("[data-file-input]").set_input_files([PHOTO, {**PHOTO, "name": "second.png"}])  # type: ignore[arg-type]  # two files
    until(page, lambda: len(coming) == 1)
    page.get_by_role("button", name="Take second.png away").click()
    coming[0].fulfill(json=server)
    expect(chip(page)).to_contain_text("Ready")
    page.locator("[data-file-input]").set_input_files(PHOTO)  # type: ignore[arg-type]  # one file
    until(page, lambda: len(coming) == 2)
    assert b"second.png" not in (coming[1].request.post_data_buffer or b"")


def test_a_question_that_was_not_taken_gives_its_images_back(
    page: Page, site: str, wire: Wire, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripted, "SMOLLM", scripted.SMOLLM | SEES)
    page.goto(site)
    choose(page)
    expect(chip(page)).to_contain_text("Ready")
    ask(page, wire, "What is it?")
    client = wire.of("send")[-1]["client_id"]
    wire.tell(type="error", code="busy", message="Too many.", client_id=client)
    expect(chip(page)).to_have_count(1)


def test_a_model_without_eyes_is_said_before_anything_is_sent(
    page: Page, site: str, wire: Wire, server: dict[str, Any]
) -> None:
    page.goto(site)
    choose(page)
    expect(chip(page)).to_contain_text("Ready")
    page.get_by_label("Your question").fill("What is it?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This model can’t look at images. Take them away")).to_be_visible()
    assert wire.of("send") == []
    page.get_by_role("button", name="Take pump.png away").click()
    page.keyboard.press("Escape")
    page.get_by_label("Your question").focus()
    page.keyboard.press("Enter")
    until(page, lambda: len(wire.of("send")) == 1)


def test_what_is_no_image_is_refused_in_words(
    page: Page, site: str, server: dict[str, Any]
) -> None:
    server.clear()
    server["error"] = "This is no image that can be looked at: PNG, JPEG, WebP or GIF."
    page.goto(site)
    choose(page)
    expect(chip(page)).to_contain_text("This is no image that can be looked at")


def test_images_of_earlier_questions_are_shown(
    page: Page, site: str, server: dict[str, Any]
) -> None:
    page.goto(f"{site}/c/images/")
    expect(page.get_by_role("img", name="Image 1 of the question")).to_be_visible()
