"""Where a question is written."""

import pytest
from playwright.sync_api import Page, expect

from tests.frontend import harness, scripted
from tests.frontend.wire import Wire, ask


def test_shift_and_enter_breaks_the_line(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    field = page.get_by_label("Your question")
    field.fill("one")
    field.press("Shift+Enter")
    field.type("two")
    assert field.input_value() == "one\ntwo"
    assert wire.frames == []


def test_collections_are_chosen_by_chips(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    chip = page.get_by_role("button", name="Finance", exact=True)
    expect(chip).to_have_attribute("aria-pressed", "true")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")
    ask(page, wire)
    assert wire.of("send")[0]["collections"] == [scripted.HANDBOOK["id"]]


def test_too_long_a_question_cannot_be_sent(page: Page, site: str, wire: Wire) -> None:
    page.goto(site)
    page.get_by_label("Your question").fill("x" * 16_003)
    expect(page.get_by_text("Too long by 3 characters")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.keyboard.press("Enter")
    assert wire.frames == []


def test_the_field_grows_to_eight_lines(page: Page, site: str) -> None:
    page.goto(site)
    field = page.get_by_label("Your question")
    heights = []
    for lines in (1, 2, 8, 9, 30):
        field.fill("\n".join(["x"] * lines))
        box = field.bounding_box()
        assert box is not None
        heights.append(round(box["height"]))
    one, two, eight, nine, thirty = heights
    assert one < two < eight
    assert eight <= nine == thirty <= eight + 12


def test_an_example_goes_to_the_field(page: Page, site: str) -> None:
    page.goto(site)
    expect(page.locator("[data-example]")).to_have_count(3)
    example = page.locator("[data-example]").first
    example.click()
    expect(page.get_by_label("Your question")).to_have_value(
        example.get_attribute("data-example") or "-"
    )


def test_the_demonstration_model_is_named_as_one(page: Page, site: str) -> None:
    page.goto(site)
    expect(page.get_by_text("small demonstration model")).to_be_visible()
    page.get_by_role("button", name="Connect a better one").click()
    dialog = page.get_by_role("dialog", name="Connect a model")
    for setting in ("MODEL_URL", "MODEL_KIND", "MODEL_NAME", "MODEL_API_KEY"):
        expect(dialog).to_contain_text(setting)


@pytest.mark.parametrize(("role", "links"), [("employee", 0), ("admin", 1)])
def test_the_way_to_another_model_leads_admins_to_the_page_of_models(role: str, links: int) -> None:
    page = harness.rendered("conversations/chat.html", harness.chat_context([], empty=True), role)
    assert page.count('<a href="/models/">Models</a>') == links
    assert ("On the page Models an admin adds" in " ".join(page.split())) is not bool(links)


def test_a_button_that_can_do_nothing_looks_so_under_the_pointer_too(page: Page, site: str) -> None:
    page.goto(site)
    button = page.locator("[data-send]")
    ground = "getComputedStyle(document.querySelector('[data-send]')).backgroundColor"
    before = page.evaluate(ground)
    box = button.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    assert page.evaluate("document.querySelector('[data-send]').matches(':hover')")
    page.wait_for_function("document.getAnimations().every((one) => one.playState === 'finished')")
    assert page.evaluate(ground) == before
