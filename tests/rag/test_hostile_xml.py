"""XML made to harm: entities that grow, or that name files and servers; depth without end."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rag.conftest import LIMITS, MIB, Outcome, Read, Refusal, texts
from tests.rag.documents import CONTENT_TYPES, a_book, a_deck, a_word, member, with_member

SECRET = "the words of another file"
HOSTILE_SENTENCE = "no Office program writes"
OFFICE = pytest.mark.parametrize(
    ("make", "part"),
    [
        (a_word, "word/document.xml"),
        (a_book, "xl/worksheets/sheet1.xml"),
        (a_book, "xl/styles.xml"),
        (a_deck, "ppt/slides/slide1.xml"),
        (a_word, "docProps/core.xml"),
        (a_word, "_rels/.rels"),
        (a_book, CONTENT_TYPES),
    ],
)

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))


def with_doctype(xml: bytes, declarations: str, encoding: str = "utf-8") -> bytes:
    """``xml`` with a DTD in front of its root element, in ``encoding``."""
    text = xml.decode("utf-8")
    body = text[text.index("?>") + 2 :] if text.startswith("<?xml") else text
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    return f"{head}<!DOCTYPE x [{declarations}]>{body}".encode(encoding)


@OFFICE
def test_it_refuses_a_billion_laughs(
    refusal: Refusal, make: Callable[[], bytes], part: str
) -> None:
    data = make()
    bomb = with_member(data, part, with_doctype(member(data, part), LAUGHS))

    assert HOSTILE_SENTENCE in refusal(bomb, "x.docx", LIMITS)


@pytest.mark.parametrize("space", [600, MIB, 3 * MIB])
def test_space_in_front_does_not_hide_a_declaration(refusal: Refusal, space: int) -> None:
    data = a_book()
    xml = with_doctype(member(data, "xl/styles.xml"), '<!ENTITY x "y">').partition(b"?>")[2]

    bomb = with_member(data, "xl/styles.xml", b" " * space + xml)
    assert HOSTILE_SENTENCE in refusal(bomb, "x.xlsx", LIMITS)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-7", "cp037", "utf-32"])
def test_another_encoding_does_not_hide_a_declaration(refusal: Refusal, encoding: str) -> None:
    data = a_word()
    xml = with_doctype(member(data, "word/document.xml"), LAUGHS, encoding)

    assert HOSTILE_SENTENCE in refusal(with_member(data, "word/document.xml", xml), "x", LIMITS)


def test_a_declaration_across_two_steps_of_reading_is_found(refusal: Refusal) -> None:
    data = a_word()
    xml = member(data, "word/document.xml")
    for shift in range(0, 12, 3):
        padding = b"<!--" + b"x" * (MIB - 55 - 7 - shift) + b"-->"
        late = xml[:55] + padding + b"<!DOCTYPE x>" + xml[55:]

        assert HOSTILE_SENTENCE in refusal(
            with_member(data, "word/document.xml", late), "x", LIMITS
        )


@OFFICE
def test_it_refuses_an_external_entity(
    refusal: Refusal, tmp_path: Path, make: Callable[[], bytes], part: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    data = make()
    entity = f'<!ENTITY e SYSTEM "file://{secret}">'
    xml = with_doctype(member(data, part), entity).replace(b"Words", b"&e;")

    sentence = refusal(with_member(data, part, xml), "x.docx", LIMITS)

    assert HOSTILE_SENTENCE in sentence
    assert SECRET not in sentence


def test_an_svg_of_a_billion_laughs_is_refused_as_what_it_is(refusal: Refusal) -> None:
    svg = f"<?xml version='1.0'?><!DOCTYPE svg [{LAUGHS}]><svg><text>&l9;</text></svg>"

    assert "it is XML" in refusal(svg.encode(), "x.svg", LIMITS)


def test_entities_of_a_page_are_neither_expanded_nor_fetched(read: Read, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    entity = f'<!ENTITY e SYSTEM "file://{secret}">'
    page = f"<!DOCTYPE html [{LAUGHS}{entity}]><html><p>Words &l9; &e;</p></html>"

    read_text = " ".join(texts(read(page.encode(), "x.html", LIMITS)))

    assert SECRET not in read_text
    assert len(read_text) < 5000


def test_a_deeply_nested_page_does_no_harm(outcome: Outcome) -> None:
    assert outcome(b"<html>" + b"<div><b>" * 100_000 + b"words", "x.html")


def test_a_deeply_nested_document_is_refused(refusal: Refusal) -> None:
    data = a_word()
    inner = b"<w:sdt><w:sdtContent>" * 5000 + b"</w:sdtContent></w:sdt>" * 5000
    xml = member(data, "word/document.xml").replace(b"<w:p>", inner + b"<w:p>", 1)

    assert "damaged" in refusal(with_member(data, "word/document.xml", xml), "x.docx", LIMITS)


def test_nothing_that_a_file_names_is_fetched(read: Read, unused_server: "Listener") -> None:
    url = f"http://127.0.0.1:{unused_server.port}/x"
    page = (
        f'<!DOCTYPE html SYSTEM "{url}.dtd"><html><head><base href="{url}">'
        f'<link rel="stylesheet" href="{url}"><style>@import "{url}";</style>'
        f'<meta http-equiv="refresh" content="0;url={url}"></head>'
        f'<body><p>Words</p><img src="{url}"><iframe src="{url}"></iframe>'
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}"/></body></html>'
    )
    relationships = member(a_word(), "word/_rels/document.xml.rels").replace(
        b"</Relationships>",
        f'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'relationships/image" Target="{url}" TargetMode="External"/></Relationships>'.encode(),
    )
    document = with_member(a_word(), "word/_rels/document.xml.rels", relationships)

    assert "Words" in texts(read(page.encode(), "x.html", LIMITS))
    assert texts(read(document, "x.docx", LIMITS)) == ["Words"]
    assert texts(read(f"![Words]({url})".encode(), "x.md", LIMITS)) == ["Words"]
    assert not unused_server.was_asked()


class Listener:
    """A port on which any request would be seen."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0)
        self.port = self.socket.getsockname()[1]

    def was_asked(self) -> bool:
        try:
            connection, _ = self.socket.accept()
        except BlockingIOError:
            return False
        connection.close()
        return True


@pytest.fixture
def unused_server() -> Iterator["Listener"]:
    listener = Listener()
    yield listener
    listener.socket.close()
