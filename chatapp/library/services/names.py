"""File names as people may see them."""

import re
import unicodedata
from pathlib import PurePosixPath

MAX_LENGTH = 255
UNNAMED = "Unnamed file"
# Unicode general categories that print nothing or reorder what is printed: controls, format
# characters (among them right-to-left marks and zero-width ones), surrogates, private use,
# unassigned, line and paragraph separators.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def display_name(raw: str) -> str:
    """``raw`` without folders, invisible or reordering characters and doubled spaces, at most
    255 characters with its suffix kept; never empty. It is for people: no path is made of it."""
    leaf = re.split(r"[/\\]", raw)[-1]
    visible = "".join(
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", leaf)
        if char.isspace() or unicodedata.category(char) not in INVISIBLE
    )
    name = " ".join(visible.split())
    if not name.strip(". "):
        return UNNAMED
    return shortened(name)


def shortened(name: str) -> str:
    """``name`` cut to 255 characters before its suffix."""
    if len(name) <= MAX_LENGTH:
        return name
    suffix = PurePosixPath(name).suffix[:16]
    return name[: MAX_LENGTH - len(suffix) - 1] + "…" + suffix
