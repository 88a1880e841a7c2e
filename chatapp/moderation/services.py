"""The policy in force, and what the guard decided under it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from chatapp.moderation.models import Entry, Kind, PolicyVersion
from guardrails.policy import DEFAULT_BODY, Policy
from guardrails.verdict import Action, Decision, Failure, Finding, Subject, Verdict

BUILT_IN = 0
"""The version of the policy that judges where no row is active: guardrails' own default."""


@dataclass(frozen=True, slots=True)
class Where:
    """What a decision was about, by value: a person's turn, or a document of the library; and
    the API key by which it came, by its visible part and its name."""

    person_id: int | None = None
    person: str = ""
    conversation_id: UUID | None = None
    turn_id: UUID | None = None
    document_id: UUID | None = None
    document: str = ""
    api_key: str = ""
    api_key_name: str = ""


def active_policy() -> Policy:
    """The policy in force; one short query, and the body is read anew only when it changed.

    Raises guardrails.policy.PolicyError for a body that makes no sense.
    """
    active = PolicyVersion.objects.filter(active=True).values_list("version", "created").first()
    return _read(*active) if active else Policy.from_body(BUILT_IN, DEFAULT_BODY)


@lru_cache(maxsize=4)
def _read(version: int, created: datetime) -> Policy:
    row = PolicyVersion.objects.get(version=version, created=created)
    return Policy.from_body(version, row.body)


def record_decision(decision: Decision, subject: Subject, where: Where) -> None:
    """Write to the log what the guard decided about ``subject``, in the caller's transaction.

    A plain pass leaves nothing. A judge's failure is an entry of its own, and what was done
    because of it alone is no verdict: nobody found anything.
    """
    entries = [_failure_entry(failure) for failure in decision.failures]
    if decision.action is not Action.ALLOW and (decision.findings or not decision.failures):
        entries.insert(0, _verdict_entry(decision))
    for entry in entries:
        _describe(entry, decision, subject)
        _locate(entry, where)
        _fit(entry)
    Entry.objects.bulk_create(entries)


def _verdict_entry(decision: Decision) -> Entry:
    codes = dict.fromkeys(finding.category for finding in decision.findings)
    top = decision.findings[0] if decision.findings else None
    source = _source(top, decision.verdicts)
    return Entry(
        kind=Kind.VERDICT,
        findings=[_finding(finding) for finding in decision.findings],
        categories=f" {' '.join(codes)} " if codes else "",
        top_category=top.category if top else "",
        top_score=top.score if top else 0,
        judge=source.judge if source else "",
        judge_version=source.version if source else "",
        taxonomy=source.taxonomy if source else "",
        detail=decision.message,
    )


def _failure_entry(failure: Failure) -> Entry:
    return Entry(
        kind=Kind.FAILURE,
        judge=failure.judge,
        judge_version=failure.version,
        detail=failure.reason,
    )


def _describe(entry: Entry, decision: Decision, subject: Subject) -> None:
    entry.stage = decision.stage.value
    entry.action = decision.action.label
    entry.policy_version = decision.policy_version
    entry.verdicts = [_verdict(verdict) for verdict in decision.verdicts]
    entry.text = subject.text
    entry.released = decision.text if decision.action is Action.REDACT else ""
    entry.context = [asdict(message) for message in subject.context]


def _locate(entry: Entry, where: Where) -> None:
    for name, value in asdict(where).items():
        setattr(entry, name, value)


def _fit(entry: Entry) -> None:
    """Make every string one that the database takes: models and documents write them."""
    for field in entry._meta.concrete_fields:
        value = getattr(entry, field.attname)
        if isinstance(value, str | list):
            setattr(entry, field.attname, _storable(value, field.max_length))


def _storable(value: Any, most: int | None = None) -> Any:
    """``value`` without what PostgreSQL refuses (NUL, halves of surrogate pairs, too long)."""
    if isinstance(value, str):
        whole = value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")
        return whole.decode()[:most]
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    return value


def _source(top: Finding | None, verdicts: Sequence[Verdict]) -> Verdict | None:
    """The verdict that has the strongest finding."""
    category = top.category if top else ""

    def score(verdict: Verdict) -> float:
        return max((f.score for f in verdict.findings if f.category == category), default=-1.0)

    return max(verdicts, key=score, default=None)


def _finding(finding: Finding) -> dict[str, Any]:
    return {"name": finding.name, **asdict(finding)}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    findings = [_finding(finding) for finding in verdict.findings]
    return {**asdict(verdict), "findings": findings}
