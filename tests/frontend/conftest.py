"""A real Chromium, the product's pages, and a socket whose other end is the test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import FLAGS, PATIENCE
from tests.frontend import harness
from tests.frontend.wire import Wire
from tests.report import browser_path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    with harness.serving(harness.all_pages()) as address:
        yield address


def watched(page: Page) -> list[str]:
    """What goes wrong on ``page`` from now on: errors of scripts and of the content policy."""
    wrong: list[str] = []
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    return wrong


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a desk; its socket opens and is silent until the test routes another."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.route_web_socket("**/ws/chat/", lambda _: None)
    wrong = watched(page)
    yield page
    page.close()
    assert not wrong


@pytest.fixture(scope="module")
def shared_page(browser: Browser, site: str) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(f"{site}/blank/")
    yield page
    page.close()


@pytest.fixture
def blank(shared_page: Page) -> Iterator[Page]:
    """An empty page of the site, to import modules in."""
    wrong = watched(shared_page)
    yield shared_page
    assert not wrong


@pytest.fixture
def wire(page: Page) -> Wire:
    """The other end of the page's socket."""
    wire = Wire()
    page.route_web_socket("**/ws/chat/", wire.connect)
    return wire
