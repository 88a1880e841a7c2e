"""The judge that asks every rule."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from guardrails.rules.injection import injection
from guardrails.rules.personal_data import personal_data
from guardrails.rules.secrets import secrets
from guardrails.verdict import Finding, Subject, Verdict

Rule = Callable[[str], Iterable[Finding]]
RULES: tuple[Rule, ...] = (injection, secrets, personal_data)
VERSION = "1"
# Longer texts would hold the event loop up for more than a few milliseconds.
INLINE_CHARS = 4000


class RulesJudge:
    """Findings of ``rules``, all with their places. It cannot fail for want of a server."""

    name = "rules"
    version = VERSION

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self._rules = tuple(rules)

    async def judge(self, subject: Subject) -> Verdict:
        if len(subject.text) > INLINE_CHARS:
            findings = await asyncio.to_thread(self._find, subject.text)
        else:
            findings = self._find(subject.text)
        return Verdict(self.name, self.version, findings)

    def _find(self, text: str) -> tuple[Finding, ...]:
        return tuple(finding for rule in self._rules for finding in rule(text))
