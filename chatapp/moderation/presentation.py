"""What an entry means, in the words of the page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chatapp.moderation.models import Entry, Kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the words: ``tone`` and ``icon`` are those of a badge."""

    tone: str
    icon: str
    title: str


@dataclass(frozen=True, slots=True)
class Score:
    """One finding of one judge; ``acted`` says that the policy did something about it."""

    code: str
    name: str
    value: float
    strength: str
    acted: bool


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge said."""

    judge: str
    version: str
    taxonomy: str
    scores: tuple[Score, ...]


TITLES = {
    ("request", "block"): "Stopped: the model never saw it",
    ("request", "redact"): "Sent to the model with parts removed",
    ("request", "flag"): "Let through to the model, and flagged",
    ("request", "allow"): "Let through to the model",
    ("passage", "block"): "Left out: given to nobody, not to the model either",
    ("passage", "redact"): "Used with parts removed",
    ("passage", "flag"): "Used, and flagged",
    ("passage", "allow"): "Used",
    ("response", "block"): "Withheld: never shown to the person",
    ("response", "redact"): "Shown with parts removed",
    ("response", "flag"): "Shown to the person, and flagged",
    ("response", "allow"): "Shown to the person",
}
TONES = {
    "block": ("block", "shield-x"),
    "redact": ("flag", "shield-alert"),
    "flag": ("flag", "flag"),
    "allow": ("info", "shield-check"),
}
STRENGTHS = ((0.9, "very strong"), (0.7, "strong"), (0.4, "moderate"), (0.0, "weak"))
"""Words for scores from each bound on."""


def outcome(entry: Entry) -> Outcome:
    tone, icon = TONES.get(entry.action, ("info", "info"))
    title = TITLES.get((entry.stage, entry.action), entry.action)
    return Outcome(tone, icon, title)


def heading(entry: Entry) -> str:
    """The entry in a few words: its strongest category, or who failed."""
    if entry.kind == Kind.FAILURE:
        return f"{entry.judge or 'A judge'} gave no verdict"
    return ", ".join(dict.fromkeys(finding["name"] for finding in entry.findings)) or "No category"


def opinions(entry: Entry) -> tuple[Opinion, ...]:
    """What each judge that answered said, strongest first."""
    acted = [(finding["category"], finding["score"]) for finding in entry.findings]
    return tuple(
        Opinion(
            judge=verdict["judge"],
            version=verdict["version"],
            taxonomy=verdict["taxonomy"],
            scores=_scores(verdict["findings"], acted),
        )
        for verdict in entry.verdicts
    )


def strength(score: float) -> str:
    return next((word for bound, word in STRENGTHS if score >= bound), "weak")


def _scores(
    findings: Iterable[dict[str, Any]], acted: Sequence[tuple[str, float]]
) -> tuple[Score, ...]:
    scores = (
        Score(
            code=finding["category"],
            name=finding["name"],
            value=finding["score"],
            strength=strength(finding["score"]),
            acted=(finding["category"], finding["score"]) in acted,
        )
        for finding in findings
    )
    return tuple(sorted(scores, key=lambda score: -score.value))
