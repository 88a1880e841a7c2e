"""One running product for the session, and a browser to use it with."""

import os
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from chatapp.launch import health, ports
from tests import stack as servers
from tests.browser import FLAGS, PATIENCE
from tests.e2e.people import sign_in
from tests.e2e.stack import Stack, running
from tests.report import browser_path


def database() -> dict[str, str]:
    """The product's rows are where the tests' are: in SQLite, or in a database of its own."""
    if os.environ.get("PARAPET_TEST_DATABASE") != "postgres":
        return {}
    return {"DATABASE_URL": servers.postgres_server().create("e2e")}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product with the sample documents, on the built-in model, which need not write
    long answers for a test."""
    var = tmp_path_factory.mktemp("stack") / "var"
    servers.share_models(var)
    with running(var, **database(), MODEL_ANSWER_TOKENS="48", INGEST_LEASE_SECONDS="5") as ready:
        yield ready


@pytest.fixture(scope="session")
def endless_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A model server, at the wire, whose answers begin and never end."""
    port = ports.free_port()
    url, log = f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("model") / "endless.log"
    command = [sys.executable, "-m", "tests.fakes.model_server", str(port)]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        servers.wait_until(lambda: health.http_answers(f"{url}/v1/models"), process, log)
        script = {"pieces": ["This is one more sentence of it. "] * 40, "gate_after": 30}
        httpx.post(f"{url}/script", json=script).raise_for_status()
        yield url
        process.terminate()


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory, endless_model: str) -> Iterator[Stack]:
    """The product on that model: what happens in the middle of an answer can be tried at ease."""
    var = tmp_path_factory.mktemp("endless") / "var"
    servers.share_models(var)
    with running(var, **database(), MODEL_URL=endless_model) as ready:
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
    fresh = new_context(browser, stack)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def endless_page(browser: Browser, endless: Stack) -> Iterator[Page]:
    """An employee's page, where answers begin and never end."""
    fresh = new_context(browser, endless)
    page = fresh.new_page()
    sign_in(page, endless.sign_ins["Employee"])
    yield page
    fresh.close()


def new_context(browser: Browser, stack: Stack) -> BrowserContext:
    fresh = browser.new_context(base_url=stack.url, viewport={"width": 1280, "height": 800})
    fresh.set_default_timeout(PATIENCE)
    return fresh
