"""Makes text fit for rows, screens and models: what cannot be seen is not there.

Characters without a shape hide instructions from people and not from a model: Unicode's tag
block and variation selectors spell out whole messages, direction overrides show a text in
another order than it is read, zero-width marks break words that a guard would know.
"""

import re
import unicodedata

UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls; PostgreSQL refuses the null
    "\u00ad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero-width marks
    "\u202a-\u202e\u2066-\u2069"  # direction overrides and isolates
    "\ud800-\udfff\ufffe\uffff"  # halves of a pair, which UTF-8 cannot carry; no characters
    "\U000e0000-\U000e0fff]"  # tags, variation selectors supplement
)
BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
LIGATURES = re.compile("[\ufb00-\ufb06]")
SPACES = re.compile(r"[^\S\n]+")
TITLE_CHARS = 200


def clean(text: str, keep_spaces: bool = False) -> str:
    """``text`` in NFC, without unseen characters, ligatures (as in a PDF), runs of spaces
    (unless ``keep_spaces``) and blank lines."""
    text = UNSEEN.sub("", BREAKS.sub("\n", text))
    text = LIGATURES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = unicodedata.normalize("NFC", text)
    if keep_spaces:
        return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    lines = (SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def one_line(text: str) -> str:
    """``text`` with every run of white space as one space."""
    return " ".join(text.split())


def title_of(name: str) -> str:
    """A title from a file's name or a document's own title: one line, no folder, no suffix."""
    last = one_line(clean(name)).replace("\\", "/").rsplit("/", 1)[-1]
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", last)
    return (stem or last)[:TITLE_CHARS].strip()
