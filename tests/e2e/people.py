"""What people do in a browser, by the names that they see."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.stack import SignIn

ANSWER_SECONDS = 90_000  # milliseconds: a small model on two shared cores


def sign_in(page: Page, person: SignIn) -> None:
    """Sign in at the door; ends on the chat."""
    page.goto("/sign-in/")
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Your question")).to_be_visible()


def ask(page: Page, question: str) -> Locator:
    """Send ``question`` and give its turn, which may still be running."""
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Send").click()
    turn = page.locator("[data-turn]").last
    expect(turn.locator(".question")).to_have_text(question)
    return turn


def answered(turn: Locator) -> Locator:
    """The turn once it is over."""
    expect(turn.locator(".line")).to_be_visible(timeout=ANSWER_SECONDS)
    return turn
