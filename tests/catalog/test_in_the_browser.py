"""The pages about models in a real browser: accessible, on a phone too, and working things out."""

import itertools
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.backends.base import ServedModel
from chatapp.backends.facts import SWITCH, Facts, Shape
from chatapp.catalog.models import Endpoint, LanguageModel, Look, Pull, Serving
from tests import axe
from tests.catalog.serving import Server
from tests.desk import Chromium, Desk, chromium, desk_of

WIDE = """[...document.querySelectorAll(".table-scroll")]
  .filter((table) => table.scrollWidth > table.clientWidth)
  .map((table) => `a table scrolls: ${table.getAttribute("aria-label")}`)"""
QWEN = Facts(
    family="qwen3",
    parameters=8_190_735_360,
    quantization="Q4_K_M",
    bytes=5_225_388_164,
    context_tokens=40_960,
    sees=False,
    efforts=SWITCH,
    effort="on",
    licence="Apache License Version 2.0",
    shape=Shape(36, 8, 128, 128),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as started:
        yield started


@pytest.fixture
def desk(browser: Chromium, live_server: LiveServer, admin: User) -> Iterator[Desk]:
    with desk_of(admin, browser, live_server) as desk:
        yield desk


@pytest.fixture
def known(
    live_server: LiveServer,
    model: LanguageModel,
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> LanguageModel:
    """A model whose server tells everything, and a second server that is away."""
    served = (
        ServedModel("qwen3:8b", "d" * 64, 40_960, facts=QWEN),
        ServedModel("a-name-so-long-that-it-breaks:latest", "e" * 64),
    )
    monkeypatch.setattr(wiring, "backend_at", lambda _: Server(*served))
    Serving.objects.filter(model=model).update(pin="d1", found="d2", facts=QWEN.as_json())
    Endpoint.objects.filter(pk=endpoint.pk).update(parallel=4)
    other = Endpoint.objects.create(name="gpu-2 in the cellar", url="http://gpu-2.example.org:8000")
    for number in range(30):
        Look.objects.create(endpoint=endpoint, milliseconds=20 * number)
        Look.objects.create(endpoint=other, milliseconds=5, trouble="connection refused")
    LanguageModel.objects.filter(pk=model.pk).update(context_tokens=8192)
    return model


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    desk: Desk, known: LanguageModel, theme: Literal["light", "dark"], width: int
) -> None:
    server = known.servings.get().endpoint_id

    def look(page: Page) -> list[str]:
        found = axe.found(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append("the page scrolls sideways")
        return [*found, *page.evaluate(WIDE)]

    desk.do(lambda page: page.set_viewport_size({"width": width, "height": 900}))
    desk.do(lambda page: page.emulate_media(color_scheme=theme, reduced_motion="reduce"))
    for where in ("/models/", f"/models/{known.pk}/", f"/models/servers/{server}/"):
        desk.go(where)
        assert desk.do(look) == []


def test_what_a_model_needs_is_worked_out_while_one_writes(
    desk: Desk, known: LanguageModel
) -> None:
    def work(page: Page) -> None:
        result = page.locator("#fit-result")
        expect(result).to_contain_text("It fits into 24 GB, with room for 13 people at once.")
        expect(result).to_contain_text("5.23 GB for its weights")
        page.get_by_label("People at once").fill("40")
        expect(result).to_contain_text("It does not fit into 24 GB: there is room for 13 people")
        page.get_by_label("Memory to fit into, in GB").fill("4")
        expect(result).to_contain_text("not even for one person at a time")
        page.get_by_label("People at once").fill("0")
        expect(result).to_contain_text("One of the figures above makes no sense")
        assert page.url.endswith(f"/models/{known.pk}/")

    desk.go(f"/models/{known.pk}/")
    desk.do(work)


def test_how_far_a_pull_is_is_shown_without_a_reload(desk: Desk, known: LanguageModel) -> None:
    server = known.servings.get().endpoint
    pull = Pull.objects.create(
        endpoint=server, name="new", state="running", completed=3000, total=4000, status="pulling"
    )
    desk.go(f"/models/servers/{server.pk}/")
    bar = desk.do(lambda page: page.get_by_role("progressbar", name="new").get_attribute("value"))
    assert bar == "75"
    Pull.objects.filter(pk=pull.pk).update(state="done", completed=4000)

    def settled(page: Page) -> None:
        expect(page.locator("#pulls")).to_contain_text("4 kB, digests checked by its server.")
        expect(page.get_by_role("progressbar")).to_have_count(0)
        expect(page.locator("#pulls").get_by_role("button", name="Offer it")).to_be_visible()
        assert page.locator("#pulls").get_attribute("hx-get") is None

    desk.do(settled)


@pytest.mark.parametrize("width", [390, 320])
def test_the_bar_on_a_phone_holds_all_the_pages_of_an_admin(desk: Desk, width: int) -> None:
    def places(page: Page) -> list[list[float]]:
        page.set_viewport_size({"width": width, "height": 640})
        page.evaluate("document.documentElement.style.setProperty('--control', '2.75rem')")
        found: list[list[float]] = page.evaluate(
            """() => [...document.querySelectorAll(".topbar nav a, .topbar .end > :not([hidden])")]
              .map((one) => one.getBoundingClientRect()).map(({ left, right }) => [left, right])"""
        )
        return found

    desk.go("/models/")
    found = desk.do(places)
    assert len(found) == 6
    assert found[-1][1] <= width
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(found))
