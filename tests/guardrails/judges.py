"""Judges that say what a test tells them to."""

import asyncio
import copy
from typing import Any

from guardrails.defaults import ALLOW
from guardrails.policy import DEFAULT_BODY, Policy
from guardrails.verdict import Finding, Stage, Subject, Verdict


def off_body(*stages: Stage) -> dict[str, Any]:
    """The default policy's body with ``stages`` off: nothing there has a consequence."""
    body = copy.deepcopy(dict(DEFAULT_BODY))
    for stage in stages:
        rules = body["stages"][stage]
        rules["categories"] = dict.fromkeys(rules["categories"], ALLOW)
        rules["on_failure"] = "allow"
    return body


def with_stage_off(*stages: Stage) -> Policy:
    return Policy.from_body(1, off_body(*stages))


class Says:
    """Gives the same findings on everything, and remembers what it was asked."""

    version = "1"

    def __init__(self, *findings: Finding, name: str = "says") -> None:
        self.name = name
        self.findings = findings
        self.asked: list[Subject] = []

    async def judge(self, subject: Subject) -> Verdict:
        self.asked.append(subject)
        return Verdict(self.name, self.version, self.findings)


class Breaks:
    """Raises ``error``."""

    name = "breaks"
    version = "2"

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def judge(self, _subject: Subject) -> Verdict:
        raise self.error


class Stalls:
    """Never answers. ``cancelled`` is set when it is told to stop."""

    name = "stalls"
    version = "3"

    def __init__(self, *, stubborn: bool = False) -> None:
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.release = asyncio.Event()
        self._stubborn = stubborn

    async def judge(self, _subject: Subject) -> Verdict:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            if not self._stubborn:
                raise
            await self.release.wait()
        return Verdict(self.name, self.version)
