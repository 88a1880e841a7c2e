"""A policy's body is checked to the last key, and its decisions are the strictest."""

import copy
from typing import Any

import pytest

from guardrails.policy import DEFAULT_BODY, Policy, PolicyError, Window
from guardrails.verdict import (
    CATEGORIES,
    INJECTION,
    PERSONAL_DATA,
    SECRETS,
    Action,
    Decision,
    Failure,
    Finding,
    Redaction,
    Stage,
    Subject,
    Verdict,
)

POLICY = Policy.from_body(7, DEFAULT_BODY)


def body() -> dict[str, Any]:
    return copy.deepcopy(dict(DEFAULT_BODY))


def decide(stage: Stage, text: str, *findings: Finding, failed: bool = False) -> Decision:
    failures = [Failure("one", "1", "It is down.")] if failed else []
    return POLICY.decide(Subject(stage, text), [Verdict("two", "1", findings)], failures)


def test_the_default_body_is_a_policy_that_carries_its_version() -> None:
    assert POLICY.version == 7
    assert POLICY.window == Window()


@pytest.mark.parametrize("stage", Stage)
def test_the_default_is_closed_when_a_judge_fails(stage: Stage) -> None:
    decision = decide(stage, "Hello", failed=True)
    assert decision.action is Action.BLOCK
    assert decision.text == ""
    assert decision.message == POLICY.failure_message
    assert not decision.is_plain_pass


def test_nothing_found_is_a_plain_pass() -> None:
    decision = decide(Stage.REQUEST, "Hello")
    assert decision.is_plain_pass
    assert (decision.text, decision.message, decision.policy_version) == ("Hello", "", 7)


def test_a_finding_below_its_threshold_is_kept_in_the_verdict_and_acted_on_by_none() -> None:
    decision = decide(Stage.REQUEST, "Hello", Finding("S1", 0.49))
    assert decision.is_plain_pass
    assert decision.findings == ()
    assert decision.verdicts[0].findings == (Finding("S1", 0.49),)


def test_a_finding_at_its_threshold_is_acted_on() -> None:
    assert decide(Stage.REQUEST, "Hello", Finding("S1", 0.5)).action is Action.BLOCK


def test_the_message_names_the_categories_that_blocked_and_no_others() -> None:
    decision = decide(
        Stage.REQUEST, "x", Finding("S2", 0.6), Finding("S6", 0.99), Finding("S1", 0.9)
    )
    assert "Violent Crimes, Non-Violent Crimes" in decision.message
    assert "Specialized" not in decision.message
    assert "{" not in decision.message


def test_the_strictest_action_wins_and_its_findings_come_first() -> None:
    decision = decide(Stage.REQUEST, "x", Finding("S6", 0.99), Finding("S1", 0.6))
    assert decision.action is Action.BLOCK
    assert [finding.category for finding in decision.findings] == ["S1", "S6"]


@pytest.mark.parametrize("code", ["S5", "S6", "S8", "S13", "S14"])
def test_advice_and_its_like_are_flagged_by_default_and_not_blocked(code: str) -> None:
    decision = decide(Stage.REQUEST, "How is a pension taxed?", Finding(code, 1.0))
    assert decision.action is Action.FLAG
    assert decision.text == "How is a pension taxed?"


def test_every_other_hazard_is_blocked_in_questions_and_answers_by_default() -> None:
    for stage in (Stage.REQUEST, Stage.RESPONSE):
        for code in CATEGORIES.keys() - {"S5", "S6", "S8", "S13", "S14"}:
            assert decide(stage, "x", Finding(code, 1.0)).action is Action.BLOCK, (stage, code)


def test_an_instruction_in_a_document_is_blocked_by_default() -> None:
    assert decide(Stage.PASSAGE, "x", Finding(INJECTION, 0.9)).action is Action.BLOCK


def test_redaction_replaces_the_places_and_says_what_stood_there() -> None:
    decision = decide(
        Stage.RESPONSE,
        "Card 4111, key abc.",
        Finding(SECRETS, 1.0, 15, 18),
        Finding(PERSONAL_DATA, 1.0, 5, 9),
    )
    assert decision.action is Action.REDACT
    assert decision.text == "Card [personal data removed], key [secret removed]."
    assert decision.redactions == (
        Redaction(5, 9, "[personal data removed]"),
        Redaction(15, 18, "[secret removed]"),
    )
    assert decision.message == POLICY.redacted_message


def test_places_that_overlap_become_one() -> None:
    decision = decide(
        Stage.RESPONSE, "0123456789", Finding(SECRETS, 1.0, 2, 6), Finding(SECRETS, 1.0, 4, 8)
    )
    assert decision.text == "01[secret removed]89"


def test_redaction_without_a_place_blocks() -> None:
    decision = decide(Stage.RESPONSE, "A secret somewhere", Finding(SECRETS, 1.0))
    assert decision.action is Action.BLOCK
    assert decision.text == ""
    assert "Secrets" in decision.message


def test_a_block_beside_a_redaction_shows_nothing() -> None:
    decision = decide(
        Stage.RESPONSE, "Card 4111.", Finding(PERSONAL_DATA, 1.0, 5, 9), Finding("S1", 0.9)
    )
    assert (decision.action, decision.text) == (Action.BLOCK, "")
    assert decision.redactions == ()


def test_a_site_may_choose_to_let_a_failure_pass_flagged() -> None:
    changed = body()
    changed["stages"]["response"]["on_failure"] = "flag"
    policy = Policy.from_body(1, changed)
    subject = Subject(Stage.RESPONSE, "Hello")
    decision = policy.decide(subject, [], [Failure("one", "1", "It is down.")])
    assert (decision.action, decision.text) == (Action.FLAG, "Hello")


def broken(*path: str, to: Any) -> dict[str, Any]:
    changed = body()
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = to
    return changed


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({}, "The policy lacks labels, messages, stages, window."),
        (broken("extra", to=1), "The policy does not know extra."),
        (broken("stages", to=[]), "stages must be an object."),
        (broken("stages", "requests", to={}), "stages does not know requests."),
        (
            broken("stages", "request", "categories", "S1", "action", to="blok"),
            "stages.request.S1.action must be one of allow, flag, redact, block.",
        ),
        (
            broken("stages", "request", "categories", "S1", "threshold", to=0),
            "stages.request.S1.threshold must be a number above 0 and at most 1.",
        ),
        (
            broken("stages", "request", "categories", "S1", "threshold", to=True),
            "stages.request.S1.threshold must be a number above 0 and at most 1.",
        ),
        (
            broken("stages", "request", "categories", "S15", to={}),
            "stages.request.categories does not know S15.",
        ),
        (
            broken("stages", "passage", "on_failure", to="redact"),
            "stages.passage.on_failure cannot be “redact”: a failure has no place.",
        ),
        (
            broken("messages", "failure", to=" "),
            "messages.failure must be a text that is not empty.",
        ),
        (broken("labels", "S99", to="x"), "labels does not know the category “S99”."),
        (
            broken("window", "holdback", to=-1),
            "window.holdback must be a whole number from 0 to 100000.",
        ),
        (
            broken("window", "most", to=100),
            "window.most must be at least window.characters plus window.holdback.",
        ),
    ],
)
def test_a_bad_body_is_refused_with_a_sentence(bad: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_body(1, bad)
    assert str(caught.value) == sentence


def test_a_missing_category_is_refused_rather_than_allowed() -> None:
    changed = body()
    categories = dict(changed["stages"]["request"]["categories"])
    del categories["S9"]
    changed["stages"]["request"]["categories"] = categories
    with pytest.raises(PolicyError, match="lacks S9"):
        Policy.from_body(1, changed)
