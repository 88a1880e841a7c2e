"""Markdown: headings, lists, tables and code as CommonMark has them."""

from tests.rag.conftest import Read, heading_over, texts

PAGE = """# Travel

Book *early*
and [cheaply](http://evil.example).

## Rates

| City | Rate |
|------|-----:|
| Ghent | `140` |

1. Ask
2. Book
   - by train
   - by bus

   and tell

```python
# not a heading
x = 1
```

> Quoted.
"""


def test_it_gives_each_part_its_kind(read: Read) -> None:
    document = read(PAGE.encode(), "travel.md")

    assert [(b.kind, b.text, b.level) for b in document.blocks] == [
        ("heading", "Travel", 1),
        ("text", "Book early and cheaply.", 0),
        ("heading", "Rates", 2),
        ("table", "City | Rate\nGhent | 140", 0),
        ("list", "1. Ask\n2. Book\n- by train\n- by bus\nand tell", 0),
        ("code", "# not a heading\nx = 1", 0),
        ("text", "Quoted.", 0),
    ]
    assert document.media_type == "text/markdown"


def test_a_fact_stands_under_its_heading(read: Read) -> None:
    assert heading_over(read(PAGE.encode(), "travel.md"), "Ghent") == "Rates"


def test_the_only_first_heading_is_the_title(read: Read) -> None:
    assert read(PAGE.encode(), "x.md").title == "Travel"
    assert read(b"# One\n\n# Two\n\ntext", "x.md").title == "x"


def test_front_matter_is_no_heading(read: Read) -> None:
    document = read(b"---\ntitle: Rates\nowner: Ines\n---\n\n# Travel\n\nText.\n", "x.md")

    assert texts(document, "heading") == ["Travel"]
    assert texts(document, "code") == ["title: Rates\nowner: Ines"]


def test_html_in_it_gives_only_what_can_be_seen(read: Read) -> None:
    page = (
        "Seen <!-- hidden --> text.\n\n<!-- SECRET -->\n\n"
        '<div style="display:none">SECRET</div>\n\n<div>block</div>\n\n<script>SECRET</script>\n'
    )

    assert texts(read(page.encode(), "x.md")) == ["Seen text.", "block"]


def test_an_images_words_are_kept(read: Read) -> None:
    assert texts(read(b"![The site map](http://evil.example/x.png)", "x.md")) == ["The site map"]


def test_a_list_may_start_anywhere_and_hold_code(read: Read) -> None:
    document = read(b"7. seven\n\n   ```\n   code\n   ```\n8. eight\n", "x.md")

    assert texts(document) == ["7. seven\ncode\n8. eight"]


def test_what_is_deeply_nested_is_read(read: Read) -> None:
    assert texts(read(b"> " * 40 + b"deep", "x.md")) == ["deep"]


def test_absurd_nesting_does_not_hold_it_up(read: Read) -> None:
    assert "After." in texts(read(b"> " * 5000 + b"deep\n\nAfter.", "x.md"))
