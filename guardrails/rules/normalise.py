"""The text as a reader, and a model, would take it: what every judge is given.

Hidden characters are dropped, look-alikes become the letters that they imitate, and what was
smuggled in tag characters (Unicode block E0000) or base64 is spelt out. Places in the readable
text lead back to the original one, so that a finding in it can be redacted.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

TAGS = range(0xE0020, 0xE007F)
# What prints nothing though Unicode files it under letters and marks: a joiner, fillers and vowels
# without a shape, variation selectors. Source: DerivedCoreProperties.txt,
# Default_Ignorable_Code_Point, less the format characters.
IGNORABLE = (
    range(0x034F, 0x0350), range(0x115F, 0x1161), range(0x17B4, 0x17B6), range(0x180B, 0x1810),
    range(0x3164, 0x3165), range(0xFE00, 0xFE10), range(0xFFA0, 0xFFA1), range(0xE0100, 0xE01F0),
)  # fmt: skip
# Cyrillic and Greek letters that look Latin; source: Unicode TS 39, confusables.txt.
LOOK_ALIKES = dict(
    zip("аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅαενορικυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aeopcyxijshdqwABEKMHOPCTYXIJSaevopikuxABEZHIKMNOPTYX", strict=True)
)  # fmt: skip
WORD = re.compile(r"[^\W\d_]+")
LATIN = re.compile(r"[A-Za-z]")
BLOB = re.compile(r"[A-Za-z0-9+/_-]{24,}")
MOST_BLOBS = 20
KEPT_CONTROLS = "\n\r\t"


@dataclass(frozen=True, slots=True)
class Readable:
    """``text``, and for each of its characters the original's span, or None where both texts
    are the same."""

    text: str
    spans: tuple[tuple[int, int], ...] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The original's span that ``text[start:end]`` was made from; ``start < end``."""
        if self.spans is None:
            return start, end
        part = self.spans[start:end]
        return min(span[0] for span in part), max(span[1] for span in part)


def readable(text: str) -> Readable:
    """``text`` as a reader takes it, followed by what its base64 blobs say."""
    if text.isascii() and not BLOB.search(text) and text.isprintable():
        return Readable(text)
    characters: list[str] = []
    spans: list[tuple[int, int]] = []
    was_tag = False
    for at, character in enumerate(text):
        # What was hidden in tags is words of its own.
        is_tag = ord(character) in TAGS
        shown = _shown(character)
        for each in f"\n{shown}" if is_tag is not was_tag else shown:
            characters.append(each)
            spans.append((at, at + 1))
        was_tag = is_tag
    visible = _unmixed("".join(characters))
    said = visible
    for start, end, decoded in _blobs(visible):
        place = (spans[start][0], spans[end - 1][1])
        said += decoded
        spans += [place] * len(decoded)
    return Readable(said, tuple(spans))


def is_hidden(character: str) -> bool:
    """Whether a reader sees nothing of ``character``, not even a gap."""
    return not _shown(character)


def _shown(character: str) -> str:
    code = ord(character)
    if code in TAGS:
        return chr(code - 0xE0000)
    if character.isascii():
        return character if character.isprintable() or character in KEPT_CONTROLS else ""
    if unicodedata.category(character) in ("Cf", "Cc", "Cs", "Co"):
        return ""
    if any(code in block for block in IGNORABLE):
        return ""
    return unicodedata.normalize("NFKC", character)


def _unmixed(text: str) -> str:
    """Look-alikes replaced in words that mix them with Latin letters, and in no others: Russian
    and Greek stay what they are."""
    if text.isascii():
        return text

    def word(match: re.Match[str]) -> str:
        if not LATIN.search(match[0]):
            return match[0]
        return "".join(LOOK_ALIKES.get(character, character) for character in match[0])

    return WORD.sub(word, text)


def _blobs(text: str) -> Iterator[tuple[int, int, str]]:
    found = 0
    for match in BLOB.finditer(text):
        decoded = _decoded(match[0])
        if decoded:
            found += 1
            yield match.start(), match.end(), f"\n\n{decoded}"
        if found == MOST_BLOBS:
            return


def _decoded(blob: str) -> str:
    """What the base64 ``blob`` says, or "" if that is no text."""
    blob = blob.translate({ord("-"): "+", ord("_"): "/"})
    try:
        text = base64.b64decode(blob + "=" * (-len(blob) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    plain = sum(c.isalnum() or c in " \n.,:;!?'\"-/()" for c in text)
    return text if " " in text.strip() and plain >= 0.9 * len(text) else ""
