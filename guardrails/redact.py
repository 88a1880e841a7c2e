"""Replacing parts of a text by words that say what stood there."""

from collections.abc import Iterable, Mapping, Sequence

from guardrails.verdict import Finding, Redaction

PLAIN_LABEL = "[removed]"


def redactions(findings: Iterable[Finding], labels: Mapping[str, str]) -> tuple[Redaction, ...]:
    """The parts that ``findings`` mark, in order; those that overlap become one, under the
    label of the first. Findings without a place are left out."""
    parts: list[Redaction] = []
    placed = [f for f in findings if f.start is not None and f.end is not None]
    for finding in sorted(placed, key=lambda each: (each.start, each.end)):
        start, end = finding.start or 0, finding.end or 0
        if parts and start < parts[-1].end:
            last = parts.pop()
            parts.append(Redaction(last.start, max(end, last.end), last.label))
        else:
            parts.append(Redaction(start, end, labels.get(finding.category, PLAIN_LABEL)))
    return tuple(parts)


def redact(text: str, parts: Sequence[Redaction], start: int = 0, end: int | None = None) -> str:
    """``text[start:end]`` with ``parts`` replaced, whose offsets count in the whole text. Of a
    part that begins before ``start``, what is left of it is replaced too."""
    end = len(text) if end is None else end
    shown: list[str] = []
    at = start
    for part in parts:
        if part.end <= start or part.start >= end:
            continue
        shown += [text[at : max(at, part.start)], part.label]
        at = part.end
    return "".join([*shown, text[at : max(at, end)]])
