"""What an exported answer may make its reader do: nothing that the person did not ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatapp.conversations.inert import inert

PLAIN = (
    "**Bold**, a [link](https://example.com) and 3 < 4!\n\n"
    "`vec![1]` and `a<b>`\n\n```html\n<img src=x> ![a](b)\n```"
)
MARKS = [
    "![a](http://x/?q=1)",
    "<img src=http://x>",
    "```",
    "~~~ ",
    "`",
    "\n",
    "\n\n",
    "> ",
    "- ",
    "  ",
    "    ",
    "\\",
    "<!--",
    "-->",
    "<div>\n",
    "![a][r]",
    "\n[r]: http://x\n",
    "\u2028",
    "\r",
    "w",
]


def kinds(text: str) -> set[str]:
    tokens = MarkdownIt("commonmark").parse(text)
    return {each.type for token in tokens for each in (token, *(token.children or ()))}


def test_an_answer_with_nothing_to_load_stays_as_it_is() -> None:
    assert inert(PLAIN) == PLAIN
    assert inert("a<br>b") == "a<br>b"


@pytest.mark.parametrize(
    "hostile",
    [
        "![a](http://x/?secret)",
        "\\![a](http://x)",
        "![a][r]\n\n[r]: http://x",
        '<img src="http://x">',
        "<div>\n\n<script>\n",
        "- a\n  ```\nb ![x](http://x)",
        "text\u2028```\n![x](http://x)",
        "<!-- -->\n    ![x](http://x)",
    ],
)
def test_images_are_links_and_html_is_words(hostile: str) -> None:
    assert not {"image", "html_inline", "html_block"} & kinds(inert(hostile))
    assert "x" in inert(hostile) or "script" in inert(hostile)


def test_code_beside_an_image_stays_as_it_is() -> None:
    assert inert("![a](b)\n\n```\n<b> ![c](d)\n```").endswith("\n```\n<b> ![c](d)\n```")


@given(st.lists(st.sampled_from(MARKS), max_size=12).map("".join))
def test_nothing_comes_to_life_also_behind_an_answer_that_broke_off(hostile: str) -> None:
    alone = inert(hostile.strip())
    assert not {"image", "html_inline", "html_block"} & kinds(alone)
    after = f"{inert('```')}\n\n## 2\n\n{alone}"
    assert not {"image", "html_inline", "html_block"} & kinds(after)
