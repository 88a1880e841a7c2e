"""File names as people may see them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.library.services.names import INVISIBLE, UNNAMED, display_name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Leave policy.pdf", "Leave policy.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\plan.docx", "plan.docx"),
        ("/absolute/path.txt", "path.txt"),
        ("line\nbreak\r.txt", "line break .txt"),
        ("nul\x00byte.txt", "nulbyte.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("zero\u200bwidth\ufeff.md", "zerowidth.md"),
        ("half \ud800 pair.md", "half pair.md"),
        ("  many   spaces .md ", "many spaces .md"),
        ("Übersicht.md", "Übersicht.md"),
        ("المرتبات.xlsx", "المرتبات.xlsx"),
        ("", UNNAMED),
        ("..", UNNAMED),
        ("folder/", UNNAMED),
        ("\u202e\u200b", UNNAMED),
    ],
)
def test_it_shows_a_name_without_what_deceives(raw: str, shown: str) -> None:
    assert display_name(raw) == shown


def test_it_composes_accents_that_came_apart() -> None:
    assert display_name("cafe\u0301.md") == "café.md"


def test_it_cuts_a_long_name_before_its_suffix() -> None:
    shown = display_name("a" * 300 + ".pdf")
    assert len(shown) == 255
    assert shown.endswith("….pdf")


@given(st.text(st.characters(codec=None), max_size=400))
def test_no_name_whatever_holds_a_path_a_control_or_too_much(raw: str) -> None:
    shown = display_name(raw)
    assert 0 < len(shown) <= 255
    assert "/" not in shown
    assert "\\" not in shown
    assert not {unicodedata.category(char) for char in shown} & INVISIBLE
    shown.encode("utf-8")
