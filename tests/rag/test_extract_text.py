"""Plain text: paragraphs between blank lines, in any encoding."""

import pytest

from tests.rag.conftest import Read, texts

RUSSIAN = "\u041e\u0442\u043f\u0443\u0441\u043a \u0442\u0440\u0438\u0434\u0446\u0430\u0442\u044c "
RUSSIAN += "\u0434\u043d\u0435\u0439 \u0432 \u0433\u043e\u0434\u0443."
JAPANESE = "\u4f11\u6687\u306f\u5e74\u9593\u4e8c\u5341\u4e94\u65e5\u3067\u3059\u3002"
WESTERN = "Caf\u00e9 \u2013 \u201cna\u00efve\u201d fa\u00e7ade f\u00fcr 25 \u20ac"


def test_blank_lines_divide_paragraphs(read: Read) -> None:
    document = read(b"One\nstill one\n\n  \nTwo\r\n\r\nThree\n", "x.txt")

    assert texts(document) == ["One\nstill one", "Two", "Three"]
    assert (document.pages, document.media_type) == (None, "text/plain")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (WESTERN, "utf-8"),
        (WESTERN, "utf-8-sig"),
        (WESTERN, "cp1252"),
        (WESTERN, "utf-16"),
        (WESTERN, "utf-16-be"),
        (WESTERN, "utf-32"),
        (RUSSIAN, "utf-8"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "utf-16"),
        (JAPANESE, "utf-8"),
        (JAPANESE * 3, "shift_jis"),
    ],
)
def test_the_encoding_is_found(read: Read, text: str, encoding: str) -> None:
    assert texts(read(text.encode(encoding), "x.txt")) == [text]


def test_one_wrong_byte_in_a_western_text_does_not_make_it_chinese(read: Read) -> None:
    text = "Ein Text auf Deutsch ohne viel: f\u00fcr"

    assert texts(read(text.encode("cp1252"), "x.txt")) == [text]


def test_a_text_with_another_suffix_is_text(read: Read) -> None:
    assert texts(read(b"name: parapet\nport: 8000\n", "x.yaml")) == ["name: parapet\nport: 8000"]
