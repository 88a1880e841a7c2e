"""A signed-in browser at the product's own server, driven beside tests that read rows."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, ViewportSize, sync_playwright
from pytest_django.live_server_helper import LiveServer

from chatapp.accounts.models import User
from tests.browser import FLAGS, PATIENCE
from tests.report import browser_path

SIZE: ViewportSize = {"width": 1440, "height": 900}
Seen = TypeVar("Seen")
Chromium = tuple[ThreadPoolExecutor, Any]


class Desk:
    """A signed-in browser, driven from a thread of its own, beside which rows can be read."""

    def __init__(self, thread: ThreadPoolExecutor, page: Page, address: str) -> None:
        self.thread = thread
        self.page = page
        self.address = address

    def do(self, steps: Callable[[Page], Seen]) -> Seen:
        return self.thread.submit(steps, self.page).result()

    def go(self, path: str) -> None:
        self.do(lambda page: page.goto(self.address + path))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.do(lambda page, key=key: page.keyboard.press(key))  # type: ignore[misc]


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser and the thread that drives it.

    Playwright may keep an event loop running in the tests' thread, for other tests, and Django
    then refuses to touch rows, although nothing here is asynchronous.
    """
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as thread:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        playwright = thread.submit(lambda: sync_playwright().start()).result()
        started = thread.submit(
            lambda: playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        ).result()
        yield thread, started
        thread.submit(started.close).result()
        thread.submit(playwright.stop).result()


@contextmanager
def desk_of(person: User, browser: Chromium, live_server: LiveServer) -> Iterator[Desk]:
    """``person`` signed in; fails where a script or the content policy complains."""
    thread, started = browser
    client = Client()
    client.force_login(person)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    wrong: list[str] = []

    def signed_in() -> Page:
        page: Page = started.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENCE)
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        return page

    page = thread.submit(signed_in).result()
    yield Desk(thread, page, live_server.url)
    thread.submit(page.close).result()
    assert wrong == []
