"""What is killed in the middle is finished, or says what became of it."""

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import ANSWER_SECONDS, answered, ask, sign_in
from tests.e2e.stack import Stack

MINUTES = 180_000
pytestmark = pytest.mark.timeout(900)  # more than one wait of that length


def kill(stack: Stack, name: str) -> None:
    os.kill(stack.pid(name), signal.SIGKILL)


def test_a_worker_killed_in_the_middle_of_a_file_finishes_it_once(
    page: Page, stack: Stack, tmp_path: Path
) -> None:
    book = tmp_path / "book.txt"
    lines = (f"Paragraph {n}: the cat of house {n} is called Mia {n * 7}.\n\n" for n in range(400))
    book.write_text("".join(lines), encoding="utf-8")
    sign_in(page, stack.sign_ins["Admin"])
    page.goto("/library/")
    page.get_by_role("link", name="Company handbook", exact=True).click()
    page.get_by_label("Add documents").set_input_files(book)
    row = page.get_by_role("row", name="book.txt")
    expect(row).to_contain_text("Checking", timeout=MINUTES)

    kill(stack, "worker")

    expect(row).to_contain_text("Ready", timeout=MINUTES)
    row.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0, timeout=MINUTES)


def test_a_turn_whose_web_process_was_killed_keeps_its_text_and_goes_on(
    endless_page: Page, endless: Stack
) -> None:
    turn = ask(endless_page, "What is there to say before the end?")
    expect(turn.locator(".answer")).not_to_be_empty(timeout=ANSWER_SECONDS)

    kill(endless, "web")

    expect(turn).to_contain_text("was interrupted", timeout=MINUTES)
    expect(turn.locator(".answer")).not_to_be_empty()
    endless_page.reload()
    again = endless_page.locator("[data-turn]").last
    expect(again).to_contain_text("was interrupted")
    kept = again.locator(".answer").inner_text()

    again.get_by_role("button", name="Go on").click()

    expect(again.get_by_role("button", name="Go on")).to_have_count(0)
    expect(again.locator(".answer")).to_contain_text(kept[:40])
    endless_page.get_by_role("button", name="Stop").click()
    expect(again).to_contain_text("Stopped", timeout=MINUTES)
    expect(again.locator(".answer")).to_contain_text(kept[:40])


def test_sockets_recover_from_a_restart_of_redis(page: Page, stack: Stack) -> None:
    sign_in(page, stack.sign_ins["Employee"])
    answered(ask(page, "What is the oak behind the car park for?"))

    kill(stack, "redis")

    page.get_by_label("Your question").fill("Who is on call?")
    expect(page.get_by_role("button", name="Send")).to_be_enabled(timeout=MINUTES)
    turn = answered(ask(page, "Who is on call for lost devices?"))
    expect(turn.locator(".answer")).not_to_be_empty()
