"""What a turn tells of the guard's decisions: people one thing, the moderation log another."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatapp.conversations.events import CategoryScore, Event, Judged
from guardrails.verdict import Decision, Subject


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision other than a plain pass, with what was judged. It is for the moderation log
    alone, is no Event, and so has no form on the wire: withheld words are in it."""

    decision: Decision
    subject: Subject


Output = Event | Decided


def told(decision: Decision, subject: Subject, judges: tuple[str, ...]) -> list[Output]:
    """What becomes of one decision of ``judges``."""
    event = judged(decision, judges)
    return [event] if decision.is_plain_pass else [Decided(decision, subject), event]


def told_once(
    decisions: Sequence[Decision], subjects: Sequence[Subject], judges: tuple[str, ...]
) -> list[Output]:
    """One plain pass for all plain passes, and every other decision."""
    plain = [judged(each, judges) for each in decisions if each.is_plain_pass]
    events: list[Output] = [*plain[:1]]
    for decision, subject in zip(decisions, subjects, strict=True):
        if not decision.is_plain_pass:
            events += told(decision, subject, judges)
    return events


def judged(decision: Decision, judges: tuple[str, ...]) -> Judged:
    """The decision without a word of what was judged, each category with its best score."""
    best: dict[str, CategoryScore] = {}
    for finding in decision.findings:  # the strongest first
        score = CategoryScore(finding.category, finding.name, finding.score)
        best.setdefault(finding.category, score)
    return Judged(
        stage=str(decision.stage),
        action=decision.action.label,
        categories=tuple(best.values()),
        policy_version=decision.policy_version,
        judges=judges,
        failures=tuple(f"{failure.judge} gave no verdict." for failure in decision.failures),
    )
