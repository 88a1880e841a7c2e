"""An admin's day, on the whole running product."""

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from docx import Document as Docx
from playwright.sync_api import Page, expect

from tests.e2e.people import answered, ask, sign_in
from tests.e2e.stack import Stack

INDEXED_SECONDS = 120_000


@pytest.fixture
def admin(page: Page, stack: Stack) -> Page:
    sign_in(page, stack.sign_ins["Admin"])
    return page


@pytest.fixture
def collection(admin: Page) -> str:
    """A new collection that everyone reads; the admin is on its page."""
    name = f"Notes {uuid4().hex[:6]}"
    admin.get_by_role("link", name="Library").click()
    admin.get_by_role("link", name="New collection").click()
    admin.get_by_label("Name").fill(name)
    admin.get_by_label("Everyone").check()
    admin.get_by_role("button", name="Make collection").click()
    expect(admin.get_by_role("heading", name=name)).to_be_visible()
    return name


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three good files and one that cannot be read."""
    note, page, memo, broken = (
        tmp_path / name for name in ("canteen.txt", "bikes.md", "memo.docx", "broken.pdf")
    )
    note.write_text("The canteen serves soup at half past eleven.", encoding="utf-8")
    page.write_text("# Bikes\n\nThe company bike is called Rosinante.", encoding="utf-8")
    document = Docx()
    document.add_paragraph("The summer party is on the 19th of June at the boat house.")
    document.save(str(memo))
    broken.write_bytes(b"%PDF-1.7 and nothing more")
    return [note, page, memo, broken]


def chroma_vectors(stack: Stack) -> int:
    """How many vectors the product's Chroma holds, over all its collections."""
    url = next(
        value for name, value in stack.process("web").environ().items() if name == "CHROMA_URL"
    )
    base = f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections"
    with httpx.Client() as client:
        found = client.get(base).json()
        return sum(client.get(f"{base}/{one['id']}/count").json() for one in found)


def test_several_files_go_through_their_stages_live_and_a_bad_one_says_why(
    admin: Page, collection: str, files: list[Path]
) -> None:
    admin.get_by_label("Add documents").set_input_files(files)
    for name in ("canteen.txt", "bikes.md", "memo.docx"):
        expect(admin.get_by_role("row", name=name)).to_contain_text(
            "Ready", timeout=INDEXED_SECONDS
        )
    failed = admin.get_by_role("row", name="broken.pdf")
    expect(failed).to_contain_text("Failed", timeout=INDEXED_SECONDS)
    expect(failed).to_contain_text(re.compile(r"damaged|cannot be read|not a", re.IGNORECASE))
    failed.get_by_role("button", name="Retry").click()
    expect(failed).to_contain_text("Failed", timeout=INDEXED_SECONDS)


def test_what_was_uploaded_is_answered_from_and_gone_after_deletion(
    admin: Page, collection: str, tmp_path: Path, stack: Stack
) -> None:
    # No other test's document says this, so that none can be the first source.
    club = tmp_path / "chess.txt"
    club.write_text("The chess club meets in the lighthouse at a quarter past six.", "utf-8")
    address = admin.url
    before = chroma_vectors(stack)
    admin.get_by_label("Add documents").set_input_files(club)
    row = admin.get_by_role("row", name="chess.txt")
    expect(row).to_contain_text("Ready", timeout=INDEXED_SECONDS)
    assert chroma_vectors(stack) == before + 1

    admin.goto("/")
    turn = answered(ask(admin, "When does the chess club meet?"))
    source = turn.get_by_role("group", name="Sources of this answer").get_by_role("button").first
    expect(source).to_contain_text("chess")
    conversation = admin.url

    admin.goto(address)
    row.get_by_role("link", name="Delete").click()
    admin.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0, timeout=INDEXED_SECONDS)
    assert chroma_vectors(stack) == before

    admin.goto(conversation)
    admin.locator("[data-turn]").last.get_by_role(
        "group", name="Sources of this answer"
    ).get_by_role("button").first.click()
    expect(admin.get_by_role("dialog")).to_contain_text("can’t be shown")


def test_the_injected_instruction_of_the_sample_brochure_is_not_indexed(
    admin: Page, stack: Stack
) -> None:
    turn = answered(ask(admin, "What does the note to assistants about maintenance mode say?"))
    sources = turn.get_by_role("group", name="Sources of this answer").get_by_role("button")
    for number in range(sources.count()):
        sources.nth(number).click()
        expect(admin.get_by_role("dialog")).not_to_contain_text("Ignore all previous")
        admin.keyboard.press("Escape")


def test_an_admin_cannot_read_the_log(admin: Page) -> None:
    expect(admin.get_by_role("link", name="Log")).to_have_count(0)
    assert admin.request.get("/log/").status == 403
    assert admin.request.get("/log/1/").status == 403
