"""axe-core finds nothing on the pages of the chat, in both themes and at three widths."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.axe import found
from tests.frontend import harness, scripted


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", f"/c/{harness.CONVERSATION}/", "/c/ends/"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(page: Page, site: str, theme: str, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.goto(f"{site}{path}")
    expect(page.locator(".chip")).to_have_count(2)
    assert found(page) == []


def open_passage(page: Page) -> None:
    page.locator(".note-button").first.click()
    expect(page.get_by_role("dialog", name="Source 1")).to_contain_text("28 days")


def open_seal(page: Page) -> None:
    page.locator(".seal").click()
    expect(page.locator(".seal-panel table")).to_be_visible()


def bring_files(page: Page) -> None:
    files = {"files": scripted.FILES}
    page.route("**/c/*/files/", lambda route: route.fulfill(json=files))
    page.goto(page.url.replace(harness.CONVERSATION, "files"))
    expect(page.locator(".file")).to_have_count(3)


def bring_images(page: Page) -> None:
    page.route("**/images/*/", lambda route: route.fulfill(status=204))
    page.goto(page.url.replace(harness.CONVERSATION, "images"))
    expect(page.locator(".pictures img")).to_have_count(1)


def choose_temporary(page: Page) -> None:
    page.goto(page.url.replace(harness.CONVERSATION, "temporary"))
    page.locator("[data-temporary-badge] summary").click()
    expect(page.get_by_role("button", name="Close and delete now")).to_be_visible()


def open_feedback(page: Page) -> None:
    page.route("**/feedback/", lambda route: route.fulfill(json={"feedback": None}))
    page.get_by_role("button", name="It did not help").click()
    expect(page.get_by_role("group", name="What was wrong with it?")).to_be_visible()


def open_figures(page: Page) -> None:
    page.locator(".line .model").click()
    expect(page.locator(".figures")).to_be_visible()


def open_person(page: Page) -> None:
    page.locator(".person").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def open_toast(page: Page) -> None:
    page.route("**/delete/", lambda route: route.fulfill(body=""))
    page.locator("li[data-id] a").nth(1).press("Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def open_models(page: Page) -> None:
    page.goto(page.url.replace(harness.CONVERSATION, "several"))
    page.get_by_role("button", name="Model: smollm2").click()
    page.get_by_role("menuitemradio", name="GPT-OSS").click()
    page.locator("[data-model-chip]").click()
    expect(page.get_by_role("radio")).to_have_count(3)


def open_menu(page: Page) -> None:
    page.locator(".centre-bar [data-more]").click()
    expect(page.get_by_role("menu")).to_be_visible()


def open_reasoning(page: Page) -> None:
    page.locator(".reasoning summary").click()
    expect(page.locator(".reasoning-text")).to_be_visible()


@pytest.mark.parametrize(
    "unfold",
    [
        open_passage,
        open_seal,
        bring_files,
        bring_images,
        choose_temporary,
        open_feedback,
        open_figures,
        open_person,
        open_menu,
        open_toast,
        open_models,
        open_reasoning,
    ],
)
def test_axe_finds_nothing_in_what_opens(
    page: Page, site: str, unfold: Callable[[Page], None]
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{site}/c/{harness.CONVERSATION}/")
    expect(page.locator(".note")).to_have_count(3)
    unfold(page)
    assert found(page) == []
