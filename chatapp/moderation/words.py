"""Judged words, made plain to see: what was found is marked, what hides is shown.

A judged text is the one place where a character that nobody can see is evidence.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

HARMLESS = frozenset("\n\r\t\N{SOFT HYPHEN}")


def as_judged(text: str, findings: Iterable[Mapping[str, Any]] = ()) -> SafeString:
    """``text`` as HTML, escaped, with ``<mark>`` around the parts that ``findings`` are about."""
    spans = _apart(findings, len(text))
    cuts = [0, *(edge for start, end, _ in spans for edge in (start, end)), len(text)]
    plain = [visible(text[cuts[i] : cuts[i + 1]]) for i in range(0, len(cuts), 2)]
    marked = [
        format_html('<mark title="{}">{}</mark>', name, visible(text[start:end]))
        for start, end, name in spans
    ]
    return format_html_join("", "{}{}", zip(plain, [*marked, ""], strict=True))


def visible(text: str) -> SafeString:
    """``text``, escaped, with each invisible character replaced by its number and name."""
    return format_html_join("", "{}", ((_shown(run),) for run in _runs(text)))


def _apart(findings: Iterable[Mapping[str, Any]], length: int) -> Sequence[tuple[int, int, str]]:
    """Where the findings are, in order; of two that overlap the first one stands."""
    spans: list[tuple[int, int, str]] = []
    placed = [f for f in findings if f.get("start") is not None and f.get("end") is not None]
    for finding in sorted(placed, key=lambda finding: int(finding["start"])):
        start, end = max(int(finding["start"]), spans[-1][1] if spans else 0), int(finding["end"])
        if start < min(end, length):
            spans.append((start, min(end, length), str(finding["name"])))
    return spans


def _runs(text: str) -> Iterable[str]:
    """``text`` cut into runs of ordinary characters and single invisible ones."""
    start = 0
    for at, character in enumerate(text):
        if _hides(character):
            yield text[start:at]
            yield character
            start = at + 1
    yield text[start:]


def _hides(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf") and character not in HARMLESS


def _shown(run: str) -> str:
    if len(run) != 1 or not _hides(run):
        return run
    name = unicodedata.name(run, "control character").lower()
    number = f"U+{ord(run):04X}"
    return format_html('<span class="hidden-character" title="{}">{}</span>', name, number)
