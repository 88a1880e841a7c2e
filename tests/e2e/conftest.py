"""One running product for the session, and a browser to use it with."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import stack as servers
from tests.e2e.stack import Stack, running
from tests.report import browser_path

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def database() -> dict[str, str]:
    """The product's rows are where the tests' are: in SQLite, or in a database of its own."""
    if os.environ.get("PARAPET_TEST_DATABASE") != "postgres":
        return {}
    return {"DATABASE_URL": servers.postgres_server().create("e2e")}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product with the sample documents, on the built-in model; E2E_MODEL_URL names
    another OpenAI-compatible server."""
    model = os.environ.get("E2E_MODEL_URL")
    settings = database() | ({"MODEL_URL": model} if model else {})
    var = tmp_path_factory.mktemp("stack") / "var"
    servers.share_models(var)
    with running(var, **settings) as ready:
        yield ready


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """A person's browser without cookies; addresses are relative to the product's."""
    fresh = browser.new_context(base_url=stack.url, viewport={"width": 1280, "height": 800})
    fresh.set_default_timeout(15_000)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
