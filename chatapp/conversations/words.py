"""Words as search compares them: without case, accents and width.

One way of cutting and folding serves what is indexed, what is asked and what is shown of a match,
so that the three always agree, whatever the database.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Letters and digits, with the marks that stand on them; in the scripts of India marks are vowels.
LETTER = (
    "(?:[^\\W_]|[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0966-\u0dff])"
)
# Chinese and Japanese put no spaces between words: each of their signs is one.
SIGN = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
WORD = re.compile(f"{SIGN}|(?:(?!{SIGN}){LETTER})+")
WORD_CHARS = 64
READ_CHARS = 100_000
ASKED_CHARS = 1_000
ASKED_WORDS = 12
BEFORE = 60
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a shown text; ``found`` where it is what was asked for."""

    text: str
    found: bool = False


def fold(word: str) -> str:
    """``word`` without what does not tell words apart; "" where nothing is left."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in apart if c.isalnum()))[:WORD_CHARS]


def folded(text: str) -> str:
    """The words of ``text``, folded, with single spaces: what is indexed of it."""
    words = (fold(match[0]) for match in WORD.finditer(text[:READ_CHARS]))
    return " ".join(word for word in words if word)


def asked(query: str) -> tuple[str, ...]:
    """The words to look for, each as the beginning of one; none where nobody asked for any."""
    words = folded(query[:ASKED_CHARS]).split()
    return tuple(dict.fromkeys(words))[:ASKED_WORDS]


def matches(text: str, wanted: tuple[str, ...]) -> set[str]:
    """Which of the ``wanted`` words ``text`` has."""
    found: set[str] = set()
    for match in WORD.finditer(text[:READ_CHARS]):
        word = fold(match[0])
        found.update(each for each in wanted if word.startswith(each))
    return found


def snippet(text: str, wanted: tuple[str, ...]) -> tuple[Piece, ...]:
    """What stands around the first of the ``wanted`` words in ``text``, on one line."""
    spans = list(_spans(text, wanted))
    first = spans[0][0] if spans else 0
    start = _word_border(text, first - BEFORE) if first > BEFORE else 0
    end = min(len(text), start + SHOWN)
    pieces, at = [Piece("…")] if start else [], start
    for begin, stop in spans:
        if begin >= end:
            break
        pieces += [Piece(text[at:begin]), Piece(text[begin:stop], found=True)]
        at = stop
    pieces += [Piece(text[at : max(at, end)]), Piece("…" if max(at, end) < len(text) else "")]
    lines = (Piece(re.sub(r"\s+", " ", piece.text), piece.found) for piece in pieces)
    return tuple(piece for piece in lines if piece.text)


def _spans(text: str, wanted: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    for match in WORD.finditer(text[:READ_CHARS]):
        if fold(match[0]).startswith(wanted):
            yield match.span()


def _word_border(text: str, near: int) -> int:
    """The end of the first white space after ``near``, so that no word is cut."""
    space = re.search(r"\s+", text[near : near + BEFORE])
    return near + space.end() if space else near
