"""Files of a conversation on the page: chosen, dropped or pasted, followed, refused in words."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.frontend import scripted
from tests.frontend.wire import CONVERSATION, Wire, ask, until

NOTES = {"name": "offer.md", "mimeType": "text/markdown", "buffer": b"# Offer\n\n4,200 euro.\n"}
DROP = """([kind, name]) => {
  const data = new DataTransfer();
  data.items.add(new File(["words"], name));
  const target = document.querySelector("textarea");
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
  target.dispatchEvent(event);
}"""


class Server:
    """The server's end of files: what it is asked, and how the files stand."""

    def __init__(self, page: Page) -> None:
        self.begun = 0
        self.removed: list[str] = []
        self.retried: list[str] = []
        self.files: list[dict[str, Any]] = []
        self.answer: dict[str, Any] | None = None
        page.route("**/c/begin/", self.begin)
        page.route("**/c/*/files/", lambda route: route.fulfill(json={"files": self.files}))
        page.route("**/c/*/files/upload/", self.take)
        page.route("**/files/*/remove/", self.remove)
        page.route("**/files/*/retry/", self.retry)

    def begin(self, route: Route) -> None:
        self.begun += 1
        route.fulfill(json={"conversation": CONVERSATION})

    def take(self, route: Route) -> None:
        if self.answer:
            route.fulfill(json=self.answer)
            return
        told = {
            "id": f"f{len(self.files)}",
            "name": "offer.md",
            "size": 2_300_000,
            "state": "reading",
            "words": "Checking 4 of 9 passages",
            "detail": "",
        }
        self.files.append(told)
        route.fulfill(json={"file": told})

    def remove(self, route: Route) -> None:
        self.removed.append(route.request.url.split("/")[-3])
        route.fulfill(status=204)

    def retry(self, route: Route) -> None:
        self.retried.append(route.request.url.split("/")[-3])
        self.files[0] |= {"state": "reading", "words": "Waiting to be read", "detail": ""}
        route.fulfill(json={"file": self.files[0]})

    def stands(self, state: str, detail: str = "") -> None:
        self.files = [{**each, "state": state, "detail": detail} for each in self.files]


@pytest.fixture
def server(page: Page, site: str, wire: Wire) -> Server:
    made = Server(page)
    page.goto(site)
    return made


def choose(page: Page, **changes: Any) -> None:
    page.locator("[data-file-input]").set_input_files({**NOTES, **changes})  # type: ignore[arg-type]  # one file


def chip(page: Page) -> Any:
    return page.get_by_role("list", name="Files of this conversation").get_by_role("listitem")


def test_a_file_is_followed_until_it_is_read_and_its_question_goes_there(
    page: Page, server: Server, wire: Wire
) -> None:
    choose(page)
    expect(chip(page)).to_contain_text("offer.md")
    expect(chip(page)).to_contain_text("2.2 MB · Checking 4 of 9 passages")
    assert server.begun == 1
    until(page, lambda: [f["conversation"] for f in wire.of("follow")] == [CONVERSATION])
    server.stands("ready")
    expect(chip(page)).to_contain_text("Ready")
    ask(page, wire)
    assert wire.of("send")[-1]["conversation"] == CONVERSATION


def test_a_question_waits_until_the_file_is_read(page: Page, server: Server, wire: Wire) -> None:
    choose(page)
    expect(chip(page)).to_contain_text("Checking")
    page.get_by_label("Your question").fill("What does it cost?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your question is sent once the file is read.")).to_be_visible()
    assert wire.of("send") == []
    server.stands("ready")
    until(page, lambda: len(wire.of("send")) == 1)
    assert wire.of("send")[0]["text"] == "What does it cost?"
    expect(page.locator("[data-files-say]")).to_be_hidden()


def test_whoever_does_not_want_to_wait_need_not(page: Page, server: Server, wire: Wire) -> None:
    choose(page)
    expect(chip(page)).to_contain_text("Checking")
    page.get_by_label("Your question").fill("Hello?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Send without waiting").click()
    until(page, lambda: len(wire.of("send")) == 1)


def test_a_refusal_is_said_in_words_and_holds_the_question_back(
    page: Page, server: Server, wire: Wire
) -> None:
    choose(page)
    expect(chip(page)).to_contain_text("Checking")
    page.get_by_label("Your question").fill("What does it cost?")
    page.keyboard.press("Enter")
    server.stands("refused", "This file holds no text.")
    expect(chip(page)).to_contain_text("This file holds no text.")
    expect(page.get_by_text("could not be read, so your question waits for you")).to_be_visible()
    assert wire.of("send") == []
    page.get_by_role("button", name="Retry").click()
    until(page, lambda: server.retried == ["f0"])
    server.stands("ready")
    expect(chip(page)).to_contain_text("Ready")


def test_what_the_server_refuses_is_shown_with_its_reason(page: Page, server: Server) -> None:
    server.answer = {"error": "A conversation takes up to 10 files."}
    choose(page)
    expect(chip(page)).to_contain_text("A conversation takes up to 10 files.")


def test_what_cannot_be_taken_is_not_sent(page: Page, server: Server) -> None:
    choose(page, buffer=b"")
    expect(chip(page)).to_contain_text("The file is empty.")
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    assert server.begun == 0


def test_files_that_were_not_kept_are_said_and_can_be_attached_again(
    page: Page, server: Server, wire: Wire
) -> None:
    choose(page)
    expect(chip(page)).to_contain_text("Checking")
    server.files = []
    wire.tell(type="error", code="not_found", message="Gone.", conversation=CONVERSATION)
    expect(page.get_by_text("were not kept. Attach them again.")).to_be_visible()
    expect(chip(page)).to_have_count(0)
    choose(page)
    expect(chip(page)).to_have_count(1)
    assert server.begun == 2


def test_a_file_is_taken_away(page: Page, server: Server) -> None:
    choose(page)
    expect(chip(page)).to_contain_text("Checking")
    page.get_by_role("button", name="Take offer.md away").click()
    expect(chip(page)).to_have_count(0)
    until(page, lambda: server.removed == ["f0"])


def test_the_same_file_again_is_shown_once(page: Page, server: Server) -> None:
    choose(page)
    expect(chip(page)).to_contain_text("Checking")
    server.answer = {"file": server.files[0]}
    choose(page)
    expect(page.get_by_text("offer.md is attached already.")).to_be_attached()
    expect(chip(page)).to_have_count(1)


def dropped(page: Page) -> None:
    page.evaluate(DROP, ["dragover", "offer.md"])
    expect(page.get_by_text("Drop files to attach them")).to_be_visible()
    page.evaluate(DROP, ["drop", "offer.md"])
    expect(page.get_by_text("Drop files to attach them")).to_be_hidden()


def pasted(page: Page) -> None:
    page.evaluate(DROP, ["paste", "offer.md"])


@pytest.mark.parametrize("bring", [dropped, pasted])
def test_files_come_by_drop_and_by_paste(
    page: Page, server: Server, bring: Callable[[Page], None]
) -> None:
    bring(page)
    expect(chip(page)).to_contain_text("offer.md")


def test_a_page_brings_the_files_that_are_there(page: Page, site: str, server: Server) -> None:
    server.files = scripted.FILES
    page.goto(f"{site}/c/files/")
    expect(chip(page)).to_have_count(3)
    expect(chip(page).nth(2)).to_contain_text("No text was found in it.")
