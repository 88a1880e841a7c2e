"""HTML: what a browser would show, in its order, and nothing that it would not."""

import pytest

from tests.rag.conftest import Read, heading_over, texts

PAGE = """<!doctype html>
<html><head><title>Travel &amp; expenses</title><style>p { color: red }</style></head>
<body><nav>Home</nav>
<h1>Travel</h1><p>Book by the <b>travel</b>
desk.</p>
<h2>Rates</h2>
<table><caption>Hotels</caption><thead><tr><th>City<th>Rate</thead>
<tr><td>Ghent</td><td>140<br>net</td></tr></table>
<ul><li>Trains first</li><li>Then <p>flights</p><ul><li>economy</li></ul></li></ul>
<ol><li>Ask</li><li>Book</li></ol>
<pre>a  b
c</pre><script>alert(1)</script><!-- a comment -->
</body></html>"""


def test_it_gives_headings_paragraphs_lists_tables_and_code_in_order(read: Read) -> None:
    document = read(PAGE.encode(), "travel.html")

    assert [(b.kind, b.text, b.level) for b in document.blocks] == [
        ("text", "Home", 0),
        ("heading", "Travel", 1),
        ("text", "Book by the travel desk.", 0),
        ("heading", "Rates", 2),
        ("text", "Hotels", 0),
        ("table", "City | Rate\nGhent | 140 net", 0),
        ("list", "- Trains first\n- Then\nflights\n- economy\n1. Ask\n2. Book", 0),
        ("code", "a  b\nc", 0),
    ]
    assert document.title == "Travel & expenses"
    assert document.media_type == "text/html"


def test_a_fact_stands_under_its_heading(read: Read) -> None:
    assert heading_over(read(PAGE.encode(), "travel.html"), "Ghent") == "Rates"


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="display:none">SECRET</p>',
        '<div style="color:red; DISPLAY : none !important"><p>SECRET</p></div>',
        '<span style="visibility: hidden">SECRET</span>',
        '<span style="font-size:0">SECRET</span>',
        '<span style="font-size: 1px; color: white">SECRET</span>',
        '<span style="opacity:0">SECRET</span>',
        "<p hidden>SECRET</p>",
        '<p hidden="until-found">SECRET</p>',
        "<template><p>SECRET</p></template>",
        "<noscript>SECRET</noscript>",
        "<script>SECRET</script>",
        "<!-- SECRET -->",
        "<textarea>SECRET</textarea>",
        "<svg><text>SECRET</text></svg>",
        '<p class="big note">SECRET</p>',
        '<p id="trap">SECRET</p>',
        "<table><tr><td hidden>SECRET</td><td>x</td></tr></table>",
        "<table hidden><tr><td>SECRET</td></tr></table>",
        "<?php SECRET ?>",
    ],
)
def test_what_cannot_be_seen_is_not_read(read: Read, hidden: str) -> None:
    style = "<style>.note, #trap { display: none }</style>"
    page = f"<html><head>{style}</head><body><p>Before.</p>{hidden}after</body></html>"

    document = read(page.encode(), "x.html")

    assert "SECRET" not in " ".join(texts(document))
    assert "Before." in texts(document)
    assert "after" in " ".join(texts(document))


@pytest.mark.parametrize(
    "shown",
    [
        '<p style="font-size:1em; opacity: 0.9">SHOWN</p>',
        '<p style="font-size:10px">SHOWN</p>',
        '<p class="printed">SHOWN</p>',
        "<details><summary>More</summary>SHOWN</details>",
        '<p aria-hidden="true">SHOWN</p>',
    ],
)
def test_what_can_be_seen_is_read(read: Read, shown: str) -> None:
    style = "<style>@media print { .printed { display: none } } .other{display:none}</style>"
    page = f"<html><head>{style}</head><body>{shown}</body></html>"

    assert "SHOWN" in " ".join(texts(read(page.encode(), "x.html")))


def test_a_table_for_layout_is_read_as_what_is_in_it(read: Read) -> None:
    page = (
        "<html><table><tr><td><h1>Left</h1><table><tr><td>a<td>b</table></td></tr></table></html>"
    )

    assert [(b.kind, b.text) for b in read(page.encode()).blocks] == [
        ("heading", "Left"),
        ("table", "a | b"),
    ]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("windows-1252", "cp1252"), ("utf-8", "utf-8"), ("koi8-r", "koi8-r"), ("nonsense", "utf-8")],
)
def test_it_reads_the_encoding_that_the_page_declares(
    read: Read, declared: str, encoding: str
) -> None:
    words = "\u041e\u0442\u043f\u0443\u0441\u043a" if declared == "koi8-r" else "K\u00f6ln"
    page = f'<html><head><meta charset="{declared}"></head><p>{words}</p></html>'

    assert texts(read(page.encode(encoding), "x.html")) == [words]


def test_it_reads_xhtml_with_a_declaration(read: Read) -> None:
    page = (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html><html><p>Gr\u00fc\u00dfe</p></html>'
    )

    assert texts(read(page.encode(), "x.xhtml")) == ["Gr\u00fc\u00dfe"]


def test_addresses_and_images_leave_only_their_words(read: Read) -> None:
    image = '<img src="http://evil.example/x" alt="map">'
    page = f'<html><p><a href="http://evil.example/?q=1">the form</a>{image}</p>'

    assert texts(read(page.encode())) == ["the form map"]


def test_a_fragment_without_html_element_is_read_by_its_name(read: Read) -> None:
    assert texts(read(b"<p>One</p><p>Two</p>", "x.html")) == ["One", "Two"]
