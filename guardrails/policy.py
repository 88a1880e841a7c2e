"""What a site wants done about findings: which category, at which stage, from which score.

A policy is immutable and versioned. Its body is JSON, as :data:`guardrails.defaults.DEFAULT_BODY`
shows in full; :meth:`Policy.from_body` reads it and refuses anything that it does not know, so
that a misspelt key can never open the guard.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guardrails.defaults import DEFAULT_BODY
from guardrails.redact import redact, redactions
from guardrails.verdict import (
    CATEGORIES,
    OWN_CATEGORIES,
    Action,
    Decision,
    Failure,
    Finding,
    Stage,
    Subject,
    Verdict,
)

__all__ = ["DEFAULT_BODY", "Policy", "PolicyError", "Rule", "StagePolicy", "Window"]

KNOWN = (*CATEGORIES, *OWN_CATEGORIES)
ACTIONS = {action.label: action for action in Action}
NAMED = "{categories}"


class PolicyError(Exception):
    """The body is no policy; ``str(error)`` is a sentence that says where and why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """From ``threshold`` (a score of 0 to 1, inclusive) on, ``action`` is taken."""

    action: Action
    threshold: float


@dataclass(frozen=True, slots=True)
class Window:
    """Sizes of the hold-back window, in characters; ``overlap`` and ``holdback`` do not count
    hidden ones.

    A part is judged as soon as it ends a sentence or has ``characters``; ``overlap`` characters
    that were released before are judged with it. The last ``holdback`` characters stay unreleased
    until more was judged or the stream ends: no match of at most that length is ever shown in
    part. ``most`` bounds what waits: then reading pauses.
    """

    characters: int = 240
    overlap: int = 240
    holdback: int = 48
    most: int = 4000


@dataclass(frozen=True, slots=True)
class StagePolicy:
    """One stage's rules by category. ``message`` is for the person whose text was blocked;
    ``{categories}`` in it stands for the categories' names."""

    rules: Mapping[str, Rule]
    message: str
    on_failure: Action

    @property
    def is_off(self) -> bool:
        """Whether nothing that a judge says, or fails to say, has a consequence."""
        return {rule.action for rule in self.rules.values()} | {self.on_failure} == {Action.ALLOW}


@dataclass(frozen=True, slots=True)
class Policy:
    """See the module. ``failure_message`` is shown when a judge gave no verdict."""

    version: int
    stages: Mapping[Stage, StagePolicy]
    failure_message: str
    redacted_message: str
    labels: Mapping[str, str]
    window: Window

    @classmethod
    def from_body(cls, version: int, body: Mapping[str, Any]) -> "Policy":
        """Raises PolicyError."""
        _keys("The policy", body, {"stages", "messages", "labels", "window"})
        stages = _mapping("stages", body["stages"])
        _keys("stages", stages, set(Stage))
        messages = _mapping("messages", body["messages"])
        _keys("messages", messages, {"failure", "redacted"})
        return cls(
            version=version,
            stages={stage: _stage(stage, stages[stage]) for stage in Stage},
            failure_message=_text("messages.failure", messages["failure"]),
            redacted_message=_text("messages.redacted", messages["redacted"]),
            labels=_labels(body["labels"]),
            window=_window(_mapping("window", body["window"])),
        )

    def decide(
        self, subject: Subject, verdicts: Sequence[Verdict], failures: Sequence[Failure]
    ) -> Decision:
        """The strictest action that any finding, or a missing verdict, asks for. Pure.

        A redaction needs to know where: without a place in the text, it blocks.
        """
        acted = sorted(
            self._acted(subject.stage, verdicts), key=lambda each: (-each[0], -each[1].score)
        )
        marked = [finding for action, finding in acted if action is Action.REDACT]
        action = max(
            [Action.ALLOW, *(_placed(action, finding) for action, finding in acted)]
            + [self.stages[subject.stage].on_failure for _ in failures]
        )
        decision = Decision(
            stage=subject.stage,
            action=action,
            text=subject.text,
            policy_version=self.version,
            findings=tuple(finding for _, finding in acted),
            verdicts=tuple(verdicts),
            failures=tuple(failures),
        )
        return self._carry_out(decision, marked)

    def _acted(self, stage: Stage, verdicts: Iterable[Verdict]) -> Iterable[tuple[Action, Finding]]:
        for verdict in verdicts:
            for finding in verdict.findings:
                rule = self.stages[stage].rules[finding.category]
                if finding.score >= rule.threshold and rule.action is not Action.ALLOW:
                    yield rule.action, finding

    def _carry_out(self, decision: Decision, marked: Sequence[Finding]) -> Decision:
        if decision.action is Action.BLOCK:
            return replace(decision, text="", message=self._why(decision))
        if decision.action is Action.REDACT:
            parts = redactions(marked, self.labels)
            text = redact(decision.text, parts)
            return replace(decision, text=text, redactions=parts, message=self.redacted_message)
        return decision

    def _why(self, decision: Decision) -> str:
        stage = self.stages[decision.stage]
        names = [
            finding.name
            for finding in decision.findings
            if _placed(stage.rules[finding.category].action, finding) is Action.BLOCK
        ]
        if not names:
            return self.failure_message
        return stage.message.replace(NAMED, ", ".join(dict.fromkeys(names)))


def _placed(action: Action, finding: Finding) -> Action:
    return Action.BLOCK if action is Action.REDACT and finding.start is None else action


def _stage(stage: Stage, value: Any) -> StagePolicy:
    where = f"stages.{stage}"
    body = _mapping(where, value)
    _keys(where, body, {"categories", "message", "on_failure"})
    categories = _mapping(f"{where}.categories", body["categories"])
    _keys(f"{where}.categories", categories, set(KNOWN))
    on_failure = _action(f"{where}.on_failure", body["on_failure"])
    if on_failure is Action.REDACT:
        raise PolicyError(f"{where}.on_failure cannot be “redact”: a failure has no place.")
    return StagePolicy(
        rules={name: _rule(f"{where}.{name}", categories[name]) for name in KNOWN},
        message=_text(f"{where}.message", body["message"]),
        on_failure=on_failure,
    )


def _rule(where: str, value: Any) -> Rule:
    body = _mapping(where, value)
    _keys(where, body, {"action", "threshold"})
    threshold = body["threshold"]
    if not _is_number(threshold) or not 0 < threshold <= 1:
        raise PolicyError(f"{where}.threshold must be a number above 0 and at most 1.")
    return Rule(_action(f"{where}.action", body["action"]), float(threshold))


def _window(body: Mapping[str, Any]) -> Window:
    _keys("window", body, set(Window.__dataclass_fields__))
    for name, value in body.items():
        least = 0 if name in ("overlap", "holdback") else 1
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 100_000:
            raise PolicyError(f"window.{name} must be a whole number from {least} to 100000.")
    window = Window(**body)
    if window.most < window.characters + window.holdback:
        raise PolicyError("window.most must be at least window.characters plus window.holdback.")
    return window


def _labels(value: Any) -> Mapping[str, str]:
    labels = _mapping("labels", value)
    for name, label in labels.items():
        if name not in KNOWN:
            raise PolicyError(f"labels does not know the category “{name}”.")
        _text(f"labels.{name}", label)
    return dict(labels)


def _action(where: str, value: Any) -> Action:
    if not isinstance(value, str) or value not in ACTIONS:
        raise PolicyError(f"{where} must be one of {', '.join(ACTIONS)}.")
    return ACTIONS[value]


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PolicyError(f"{where} must be an object.")
    return value


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PolicyError(f"{where} must be a text that is not empty.")
    return value


def _keys(where: str, body: Mapping[str, Any], wanted: set[str]) -> None:
    missing, unknown = sorted(wanted - set(body)), sorted(set(body) - wanted)
    if missing:
        raise PolicyError(f"{where} lacks {', '.join(missing)}.")
    if unknown:
        raise PolicyError(f"{where} does not know {', '.join(unknown)}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
