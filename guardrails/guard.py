"""The guard: all judges at once, each with a time limit; what they say becomes a decision."""

import asyncio
import math
from collections.abc import Container, Sequence
from dataclasses import replace

from guardrails.line import Line
from guardrails.policy import Policy
from guardrails.rules.normalise import Readable, readable
from guardrails.verdict import (
    Decision,
    Failure,
    Finding,
    Judge,
    JudgeError,
    Message,
    Stage,
    Subject,
    Verdict,
)

REASON_CHARS = 200


class Guard:
    """Judges texts by ``policy``. A judge that fails in whatever way counts as unsafe.

    Judges see the text as a reader would, without hidden characters; their findings' places are
    given in the text as it was.
    """

    def __init__(
        self, judges: Sequence[Judge], policy: Policy, timeout: float, line: Line | None = None
    ) -> None:
        """``timeout`` in seconds, for each judge, from when the check has its place in ``line``,
        which guards share. Raises ValueError without a judge."""
        if not judges:
            raise ValueError("A guard needs at least one judge.")
        self.policy = policy
        self._judges = tuple(judges)
        self._timeout = timeout
        self._line = line or Line()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(judge.name for judge in self._judges)

    def names_at(self, stage: Stage) -> tuple[str, ...]:
        """The judges that are asked at ``stage``: none where the policy has it off."""
        return () if self.policy.stages[stage].is_off else self.names

    def place(self, stage: Stage, *, first: bool = False) -> asyncio.Semaphore:
        """A place in the line before the judges, as :meth:`guardrails.line.Line.place` has it."""
        return self._line.place(stage, first=first)

    async def check(self, subject: Subject) -> Decision:
        """Never raises but when it is cancelled, and then its judges are cancelled too."""
        if self.policy.stages[subject.stage].is_off:
            return await self.check_in_place(subject)
        async with self.place(subject.stage):
            return await self.check_in_place(subject)

    async def check_in_place(self, subject: Subject) -> Decision:
        """As :meth:`check`, for those who hold a place already."""
        if self.policy.stages[subject.stage].is_off:
            return self.policy.decide(subject, (), ())
        seen = readable(subject.text)
        clean = Subject(subject.stage, seen.text, tuple(_clean(m) for m in subject.context))
        outcomes = await self._ask_all(clean, seen)
        verdicts = [each for each in outcomes if isinstance(each, Verdict)]
        failures = [each for each in outcomes if isinstance(each, Failure)]
        return self.policy.decide(subject, verdicts, failures)

    async def _ask_all(self, subject: Subject, seen: Readable) -> list[Verdict | Failure]:
        tasks = [asyncio.create_task(_ask(judge, subject)) for judge in self._judges]
        try:
            # Not asyncio.timeout: a judge that ignores being cancelled must not delay the rest.
            await asyncio.wait(tasks, timeout=self._timeout)
            return [
                self._outcome(judge, task, subject, seen)
                for judge, task in zip(self._judges, tasks, strict=True)
            ]
        finally:
            for task in tasks:
                task.cancel()

    def _outcome(
        self, judge: Judge, task: asyncio.Task[Verdict], subject: Subject, seen: Readable
    ) -> Verdict | Failure:
        try:
            verdict = self._finished(task)
            return _placed(verdict, self.policy.stages[subject.stage].rules, seen)
        except JudgeError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - whatever a judge does wrong counts as unsafe
            reason = f"The judge broke: {type(error).__name__}: {error}"
        return Failure(judge.name, judge.version, reason[:REASON_CHARS])

    def _finished(self, task: asyncio.Task[Verdict]) -> Verdict:
        if not task.done():
            raise JudgeError(f"There was no verdict within {self._timeout:g} seconds.")
        if task.cancelled():
            raise JudgeError("The judge stopped before it had a verdict.")
        return task.result()


async def _ask(judge: Judge, subject: Subject) -> Verdict:
    clock = asyncio.get_running_loop()
    begin = clock.time()
    verdict = await judge.judge(subject)
    return replace(verdict, seconds=clock.time() - begin)


def _placed(verdict: Verdict, known: Container[str], seen: Readable) -> Verdict:
    """The verdict with its places in the text as it was. Raises JudgeError if it is nonsense."""
    findings = []
    for finding in verdict.findings:
        if finding.category not in known:
            raise JudgeError(f"The judge named a category that there is not: {finding.category}.")
        if not (math.isfinite(finding.score) and 0 <= finding.score <= 1):
            raise JudgeError(f"The judge gave a score that is no probability: {finding.score}.")
        findings.append(_in_original(finding, seen))
    return replace(verdict, findings=tuple(findings))


def _in_original(finding: Finding, seen: Readable) -> Finding:
    if finding.start is None and finding.end is None:
        return finding
    start, end = finding.start, finding.end
    if start is None or end is None or not 0 <= start < end <= len(seen.text):
        raise JudgeError(f"The judge marked a place that there is not: {start} to {end}.")
    start, end = seen.original(start, end)
    return replace(finding, start=start, end=end)


def _clean(message: Message) -> Message:
    return Message(message.role, readable(message.text).text)
