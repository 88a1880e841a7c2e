"""Judges run together; whatever goes wrong with one counts as unsafe and is listed."""

import asyncio
import math
from typing import cast

import pytest

from guardrails.guard import Guard
from guardrails.line import Line
from guardrails.policy import DEFAULT_BODY, Policy
from guardrails.verdict import (
    SECRETS,
    Action,
    Decision,
    Finding,
    Judge,
    JudgeError,
    Message,
    Stage,
    Subject,
    Verdict,
)
from tests.guardrails.judges import Breaks, Says, Stalls, off_body, with_stage_off

POLICY = Policy.from_body(1, DEFAULT_BODY)
QUESTION = Subject(Stage.REQUEST, "How many days of leave do I get?")


async def check(*judges: Judge, subject: Subject = QUESTION, limit: float = 30) -> Decision:
    return await Guard(judges, POLICY, limit).check(subject)


async def test_all_judges_are_asked_and_their_verdicts_kept() -> None:
    one, two = Says(name="one"), Says(Finding("S6", 0.9), name="two")
    decision = await check(one, two)
    assert decision.action is Action.FLAG
    assert [verdict.judge for verdict in decision.verdicts] == ["one", "two"]
    assert one.asked == two.asked == [QUESTION]


async def test_judges_run_at_the_same_time() -> None:
    """Each waits for the other to have begun: one after the other, they would never end."""
    meeting = asyncio.Barrier(2)

    class Meets(Says):
        async def judge(self, subject: Subject) -> Verdict:
            await meeting.wait()
            return await super().judge(subject)

    assert (await check(Meets(), Meets())).is_plain_pass


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (JudgeError("The model server cannot be reached."), "The model server cannot be reached."),
        (ValueError("odd"), "The judge broke: ValueError: odd"),
        (asyncio.CancelledError(), "The judge stopped before it had a verdict."),
        (TimeoutError(), "The judge broke: TimeoutError: "),
    ],
)
async def test_a_judge_that_raises_counts_as_unsafe(error: BaseException, reason: str) -> None:
    decision = await check(Says(), Breaks(error))
    assert decision.action is Action.BLOCK
    assert [failure.reason for failure in decision.failures] == [reason]
    assert [verdict.judge for verdict in decision.verdicts] == ["says"]


async def test_a_judge_that_stalls_counts_as_unsafe_and_is_cancelled() -> None:
    stalls = Stalls()
    decision = await check(stalls, Says(), limit=0.01)
    assert decision.action is Action.BLOCK
    assert decision.failures[0].reason == "There was no verdict within 0.01 seconds."
    await asyncio.wait_for(stalls.cancelled.wait(), 5)


async def test_a_judge_that_ignores_its_cancellation_delays_nobody() -> None:
    stalls = Stalls(stubborn=True)
    decision = await asyncio.wait_for(check(stalls, limit=0.01), 5)
    assert decision.action is Action.BLOCK
    await asyncio.wait_for(stalls.cancelled.wait(), 5)
    stalls.release.set()


@pytest.mark.parametrize(
    "finding",
    [
        Finding("S99", 0.9),
        Finding("S1", math.nan),
        Finding("S1", 1.5),
        Finding("S1", -0.1),
        Finding(SECRETS, 1.0, 5, 5),
        Finding(SECRETS, 1.0, 0, 9999),
        Finding(SECRETS, 1.0, 3, None),
    ],
)
async def test_nonsense_counts_as_unsafe(finding: Finding) -> None:
    decision = await check(Says(finding))
    assert decision.action is Action.BLOCK
    assert decision.verdicts == ()
    assert decision.failures[0].reason.startswith("The judge ")


async def test_something_that_is_no_verdict_counts_as_unsafe() -> None:
    class Odd(Says):
        async def judge(self, _subject: Subject) -> Verdict:
            return cast("Verdict", "safe")

    assert (await check(Odd())).action is Action.BLOCK


async def test_cancelling_a_check_cancels_its_judges_and_raises() -> None:
    stalls = Stalls()
    task = asyncio.create_task(check(stalls))
    await stalls.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(stalls.cancelled.wait(), 5)


async def test_judges_see_what_a_reader_sees_in_text_and_context() -> None:
    judge = Says()
    context = (Message("user", "bo\u200bmb"),)
    await check(judge, subject=Subject(Stage.REQUEST, "ki\u200bll", context))
    assert judge.asked == [Subject(Stage.REQUEST, "kill", (Message("user", "bomb"),))]


async def test_a_place_in_the_readable_text_is_redacted_in_the_original() -> None:
    judge = Says(Finding(SECRETS, 1.0, 4, 8))
    decision = await check(judge, subject=Subject(Stage.RESPONSE, "Key a\u200bb\u200bcd!"))
    assert decision.text == "Key [secret removed]!"


async def test_the_time_that_a_judge_took_is_kept() -> None:
    decision = await check(Says())
    assert 0 <= decision.verdicts[0].seconds < 30


def test_a_guard_without_judges_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one judge"):
        Guard([], POLICY, 1)


def test_its_names_are_those_of_its_judges() -> None:
    assert Guard([Says(name="a"), Says(name="b")], POLICY, 1).names == ("a", "b")


async def test_where_the_policy_has_a_stage_off_no_judge_is_asked() -> None:
    judge = Says(Finding("S1", 1.0))
    guard = Guard([judge], with_stage_off(Stage.REQUEST), 30)
    decision = await guard.check(QUESTION)
    assert decision.is_plain_pass
    assert decision.text == QUESTION.text
    assert (judge.asked, guard.names_at(Stage.REQUEST)) == ([], ())


async def test_the_other_stages_are_judged_then() -> None:
    judge = Says(Finding("S1", 1.0))
    guard = Guard([judge], with_stage_off(Stage.REQUEST), 30)
    decision = await guard.check(Subject(Stage.RESPONSE, "Sure."))
    assert decision.action is Action.BLOCK
    assert guard.names_at(Stage.RESPONSE) == ("says",)


@pytest.mark.parametrize("kept", ["S1", "on_failure"])
async def test_a_single_rule_that_acts_keeps_a_stage_on(kept: str) -> None:
    body = off_body(Stage.REQUEST)
    stage = body["stages"]["request"]
    if kept == "on_failure":
        stage["on_failure"] = "flag"
    else:
        stage["categories"][kept] = {"action": "flag", "threshold": 0.9}
    judge = Says(Finding("S1", 1.0))
    await Guard([judge], Policy.from_body(1, body), 30).check(QUESTION)
    assert judge.asked == [QUESTION]


class Busy(Says):
    """Takes a moment for each subject, and knows how many were before it at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0

    async def judge(self, subject: Subject) -> Verdict:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.02)
        self.now -= 1
        return await super().judge(subject)


async def test_a_crowd_waits_in_line_and_its_waiting_is_no_failure_of_the_judge() -> None:
    judge, line = Busy(), Line(2)
    guards = [Guard([judge], POLICY, 0.5, line) for _ in range(60)]
    subjects = [Subject(Stage.REQUEST, f"Question {number}?") for number in range(60)]
    decisions = await asyncio.gather(
        *(guard.check(subject) for guard, subject in zip(guards, subjects, strict=True))
    )
    assert all(decision.is_plain_pass for decision in decisions)
    assert judge.most == 2
    assert judge.asked == subjects


async def test_whoever_stops_waiting_leaves_the_line() -> None:
    stalls, line = Stalls(), Line(1)
    first = asyncio.create_task(Guard([stalls], POLICY, 30, line).check(QUESTION))
    second = asyncio.create_task(Guard([stalls], POLICY, 30, line).check(QUESTION))
    await asyncio.sleep(0)
    for task in (second, first):
        task.cancel()
    await asyncio.wait([first, second])
    assert (await Guard([Says()], POLICY, 30, line).check(QUESTION)).is_plain_pass


async def test_neither_a_question_nor_first_words_stand_behind_whole_answers() -> None:
    line = Line(1)
    guard = Guard([Says()], POLICY, 30, line)
    async with guard.place(Stage.RESPONSE), asyncio.timeout(10):
        assert (await guard.check(QUESTION)).is_plain_pass
        async with guard.place(Stage.RESPONSE, first=True):
            assert guard.place(Stage.RESPONSE).locked()


def test_each_event_loop_has_a_line_of_its_own() -> None:
    guard = Guard([Busy()], POLICY, 30, Line(1))

    async def both() -> tuple[Decision, Decision]:
        return await asyncio.gather(guard.check(QUESTION), guard.check(QUESTION))

    for _ in range(2):
        assert all(decision.is_plain_pass for decision in asyncio.run(both()))
