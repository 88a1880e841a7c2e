"""A finished block: code is coloured, formulas are set, and neither opens a way in."""

import pytest
from playwright.sync_api import Page

SHOW = """async (text) => {
  const { AnswerView } = await import("/static/js/chat/answer.js");
  document.body.replaceChildren();
  const view = new AnswerView(document.body, () => null);
  view.update([{ kind: "text", text }]);
  view.finish();
}"""
COLOURED = ".code code .hljs-keyword"
CODE = "```python\ndef leave(days):\n    return days + 28\n```"


def html(page: Page) -> str:
    return str(page.evaluate("document.body.innerHTML"))


def test_code_is_coloured_and_copied_as_it_was(blank: Page) -> None:
    blank.evaluate(SHOW, CODE)
    blank.wait_for_selector(COLOURED)
    assert blank.text_content(".code code") == "def leave(days):\n    return days + 28\n"


def test_code_is_coloured_once_the_block_after_it_began(blank: Page) -> None:
    blank.evaluate(
        """async (text) => {
  const { AnswerView } = await import("/static/js/chat/answer.js");
  document.body.replaceChildren();
  const view = new AnswerView(document.body, () => null);
  view.update([{ kind: "text", text }]);
  window.plain = document.querySelector(".code code");
  view.update([{ kind: "text", text: text + "\\n\\nThat is all." }]);
}""",
        CODE,
    )
    blank.wait_for_selector(COLOURED)
    assert blank.evaluate("window.plain.querySelector('.hljs-keyword') !== null")


def test_markup_in_code_stays_words(blank: Page) -> None:
    source = '<img src=x onerror="window.hit = 1"><script>window.hit = 1</script>'
    blank.evaluate(SHOW, f"```html\n{source}\n```")
    blank.wait_for_selector(".code code .hljs-name")
    assert blank.text_content(".code code") == f"{source}\n"
    assert blank.locator("img, script:not(head *)").count() == 0
    assert blank.evaluate("window.hit ?? null") is None


def test_code_in_an_unknown_language_stays_plain(blank: Page) -> None:
    blank.evaluate(SHOW, f"```klingon\nnuqneH <b>\n```\n\n{CODE}")
    blank.wait_for_selector(COLOURED)
    assert blank.locator("code[data-language=klingon]").inner_html() == "nuqneH &lt;b&gt;\n"


@pytest.mark.parametrize(
    "text",
    [
        "The area is $\\pi r^2$ exactly.",
        "The area is \\(\\pi r^2\\) exactly.",
        "The area:\n\n$$\n\\pi r^2\n$$\n\nexactly.",
        "The area:\n\n\\[\n\\pi r^2\n\\]\n\nexactly.",
    ],
)
def test_a_formula_is_set(blank: Page, text: str) -> None:
    blank.evaluate(SHOW, text)
    blank.wait_for_selector(".formula math msup")
    assert "π" in (blank.text_content("math") or "")
    assert "exactly." in (blank.text_content("body") or "")


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "From $ 5 to 6 $.",
        "Between $20 and $30 a day.",
        "`$x^2$`",
        "$$",
        "$",
    ],
)
def test_money_is_no_formula(blank: Page, text: str) -> None:
    blank.evaluate(SHOW, text)
    assert blank.locator(".formula").count() == 0
    assert (blank.text_content("body") or "").strip() == text.strip("`")


def test_what_is_no_formula_stays_as_it_was_written(blank: Page) -> None:
    blank.evaluate(SHOW, "See $\\frac{1$ there.")
    blank.wait_for_selector(".formula.unset")
    assert blank.text_content(".formula") == "\\frac{1"


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{javascript:window.hit=1}{x}",
        r"\url{https://evil.example}",
        r"\includegraphics{https://evil.example/p.png}",
        r"\style{background:url(https://evil.example)}{x}",
        r"\class{hidden}{x} \id{a}{y} \data{a=b}{z}",
        r"\def\a{\a\a}\a",
        r"x<script>window.hit=1</script>",
        r"\text{<img src=x onerror=window.hit=1>}",
    ],
)
def test_a_hostile_formula_runs_loads_and_links_nothing(blank: Page, tex: str) -> None:
    asked: list[str] = []
    blank.on("request", lambda request: asked.append(request.url))
    blank.evaluate(SHOW, f"${tex}$")
    blank.wait_for_selector(".formula math, .formula.unset")
    inside = blank.locator(".formula").locator("a, img, script, [href], [style], [src], [onerror]")
    assert inside.count() == 0
    assert blank.evaluate("window.hit ?? null") is None
    assert [url for url in asked if "evil" in url] == []
