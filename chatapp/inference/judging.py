"""Texts of any length to the embedded judge's findings."""

from collections.abc import Callable, Sequence

from chatapp.inference.models import TextJudge
from guardrails.verdict import Stage


def findings(
    judge: TextJudge, windows: Callable[[str], list[str]], items: Sequence[tuple[Stage, str]]
) -> list[dict[str, object]]:
    """For each item its categories with the highest score of any of its windows.

    The encoder reads no further than its length, so a long text is judged window by window:
    what is harmful at the end of a long paste counts as much as at its beginning.
    """
    results: list[dict[str, object]] = []
    for stage, text in items:
        scores: dict[str, float] = {}
        for found in judge.findings(stage, windows(text)):
            for finding in found:
                scores[finding.category] = max(finding.score, scores.get(finding.category, 0.0))
        listed = [{"category": category, "score": score} for category, score in scores.items()]
        results.append({"findings": listed})
    return results
