"""The base that every page stands on."""

import re
from pathlib import Path
from typing import Any

import pytest

from chatapp.accounts.models import Role
from tests.frontend import harness

ROOT = harness.ROOT
SYMBOLS = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text("utf-8")))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def chat(role: str = "employee", **changes: Any) -> str:
    return harness.rendered(
        "conversations/chat.html", {**harness.chat_context([]), **changes}, role
    )


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (Role.EMPLOYEE, {"Chat"}),
        (Role.ADMIN, {"Chat", "Library", "Models", "People"}),
        (Role.COMPLIANCE, {"Chat", "Log"}),
    ],
)
def test_the_top_names_what_the_role_may_use(role: str, shown: set[str]) -> None:
    bar = chat(role).split('aria-label="Product"')[1].split("</nav>")[0]
    assert set(re.sub(r"<[^>]+>", " ", bar).split()) - {">"} == shown


def test_signing_out_is_a_post_with_a_token() -> None:
    form = re.search(r'<form method="post" action="/sign-out/">.*?</form>', chat(), re.DOTALL)
    assert form
    assert "csrfmiddlewaretoken" in form[0]


def test_there_is_a_way_past_the_navigation() -> None:
    page = chat()
    assert page.index('href="#main"') < page.index('<header class="topbar">')
    assert '<main id="main" tabindex="-1">' in page


def test_words_of_people_are_escaped() -> None:
    hostile = "</script><script>alert(1)</script>"
    page = chat(
        conversation={"id": harness.CONVERSATION, "title": hostile},
        collections=[{"id": "x", "name": hostile}],
        groups=[(hostile, [{"id": harness.CONVERSATION, "title": f'"{hostile}'}])],
        turns=[{"id": "x", "question": hostile, "status": "done", "started": "", "events": []}],
        model={"name": hostile, "demo": True},
    )
    assert hostile not in page
    assert "alert(1)" in page


def test_a_passage_that_is_gone_says_so() -> None:
    page = harness.rendered("conversations/source.html", {"source": {}, "passage": None})
    assert "its document was deleted" in page


def test_a_model_that_cannot_be_asked_is_said() -> None:
    assert "The model server can" in chat(model=None)


def test_no_collection_is_said() -> None:
    assert "No collection is open to you" in chat(collections=[])


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_carries_a_script_or_style(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_icon_of_a_template_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    used = set(re.findall(r'icon\.html" with name="([\w-]+)"', text))
    used |= set(re.findall(r'icons\.svg"\s*%}#([\w-]+)', text))
    assert used <= SYMBOLS


def test_every_icon_of_a_script_exists() -> None:
    for path in (ROOT / "static/js").rglob("*.js"):
        text = path.read_text("utf-8")
        used = set(re.findall(r'\bicon\("([\w-]+)"', text))
        used |= set(re.findall(r'\b(?:icon: |lineButton\(|bareButton\()"([\w-]+)"', text))
        assert used <= SYMBOLS, path


def test_every_module_of_the_chat_is_fetched_at_once() -> None:
    listed = set(re.findall(r'"(js/chat/[\w-]+\.js)"', _text("conversations/modules.html")))
    there = {f"js/chat/{path.name}" for path in (ROOT / "static/js/chat").glob("*.js")}
    assert listed == there


def test_every_component_is_linked_and_described() -> None:
    linked = set(re.findall(r"css/components/([\w-]+)\.css", _text("base.html")))
    there = {path.stem for path in (ROOT / "static/css/components").glob("*.css")}
    assert linked == there
    readme = (ROOT / "static/css/README.md").read_text("utf-8")
    for css in (ROOT / "static/css/components").glob("*.css"):
        first = re.search(r"^  \.([a-z-]+)", css.read_text("utf-8"), re.MULTILINE)
        assert first
        assert first[1] == "topbar" or f"`.{first[1]}`" in readme


def test_colours_come_from_the_tokens_alone() -> None:
    for path in (ROOT / "static/css").rglob("*.css"):
        if path.name == "tokens.css":
            continue
        screen = path.read_text("utf-8").split("@media print")[0]
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(|oklch\(", screen), path


def _text(template: str) -> str:
    return (ROOT / "templates" / template).read_text("utf-8")
