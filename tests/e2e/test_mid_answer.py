"""What people do in the middle of an answer, on the whole running product."""

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.people import ANSWER_SECONDS, ask

SENTENCE = "This is one more sentence of it."


def test_text_appears_while_it_is_made_and_stop_ends_it_at_once(
    endless_page: Page, endless_model: str
) -> None:
    turn = ask(endless_page, "What is there to say?")
    expect(turn.locator(".answer")).to_contain_text(SENTENCE, timeout=ANSWER_SECONDS)

    endless_page.get_by_role("button", name="Stop").click()

    expect(turn).to_contain_text("Stopped", timeout=5_000)
    expect(endless_page.get_by_role("button", name="Send")).to_be_visible()
    assert httpx.get(f"{endless_model}/requests").json()[-1]["gone"]
    kept = turn.locator(".answer").inner_text()
    endless_page.reload()
    again = endless_page.locator("[data-turn]").last
    expect(again.locator(".answer")).to_have_text(kept)
    expect(again).to_contain_text("Stopped")


def test_an_answer_goes_on_after_a_reload_in_its_middle(endless_page: Page) -> None:
    turn = ask(endless_page, "What else is there to say?")
    expect(turn.locator(".answer")).to_contain_text(SENTENCE, timeout=ANSWER_SECONDS)
    shown = turn.locator(".answer").inner_text()

    endless_page.reload()

    again = endless_page.locator("[data-turn]")
    expect(again).to_have_count(1)
    expect(again.locator(".answer")).to_contain_text(shown)
    endless_page.get_by_role("button", name="Stop").click()
    expect(again).to_contain_text("Stopped")


def test_two_windows_show_the_same_and_either_can_stop_and_queue(endless_page: Page) -> None:
    turn = ask(endless_page, "Is there more to say?")
    expect(turn.locator(".answer")).to_contain_text(SENTENCE, timeout=ANSWER_SECONDS)

    other = endless_page.context.new_page()
    other.goto(endless_page.url)
    expect(other.locator("[data-turn] .answer")).to_contain_text(SENTENCE)
    other.get_by_label("Your question").fill("And after that?")
    other.keyboard.press("Enter")
    waits = endless_page.locator("[data-turn]").last
    expect(waits.locator(".question")).to_have_text("And after that?")
    expect(waits.locator(".waiting")).to_contain_text("Waiting for the answer before it")
    other.get_by_role("button", name="Stop").click()

    expect(endless_page.locator("[data-turn]").first).to_contain_text("Stopped")
    for page in (endless_page, other):
        last = page.locator("[data-turn]").last
        expect(last.locator(".answer")).to_contain_text(SENTENCE, timeout=ANSWER_SECONDS)
    endless_page.get_by_role("button", name="Stop").click()
    expect(other.locator("[data-turn]").last).to_contain_text("Stopped")
