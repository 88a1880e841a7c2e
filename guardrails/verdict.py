"""What a judge says, and what the guard makes of it: plain values.

A **judge** reads a subject and gives a :class:`Verdict`: findings with scores. A **policy**
turns verdicts into an :class:`Action`; together they are a :class:`Decision`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

# Llama Guard 3 and 4, after MLCommons' hazard taxonomy; source: the PurpleLlama model cards.
# Codes of Llama Guard 1 and 2 mean other things, so each verdict names its taxonomy.
TAXONOMY = "llama-guard-3"
CATEGORIES: Mapping[str, str] = {
    "S1": "Violent Crimes",
    "S2": "Non-Violent Crimes",
    "S3": "Sex-Related Crimes",
    "S4": "Child Sexual Exploitation",
    "S5": "Defamation",
    "S6": "Specialized Advice",
    "S7": "Privacy",
    "S8": "Intellectual Property",
    "S9": "Indiscriminate Weapons",
    "S10": "Hate",
    "S11": "Suicide & Self-Harm",
    "S12": "Sexual Content",
    "S13": "Elections",
    "S14": "Code Interpreter Abuse",
}
# Beside the taxonomy: what Parapet's own rules and injection head find.
INJECTION = "INJECTION"
PERSONAL_DATA = "PERSONAL_DATA"
SECRETS = "SECRETS"
OWN_CATEGORIES: Mapping[str, str] = {
    INJECTION: "Injected Instructions",
    PERSONAL_DATA: "Personal Data",
    SECRETS: "Secrets",
}


class Stage(StrEnum):
    """Where in a turn, or in ingestion, a text was judged."""

    REQUEST = "request"
    PASSAGE = "passage"
    RESPONSE = "response"


class Action(IntEnum):
    """What happens to the text, the stricter the higher."""

    ALLOW = 0
    FLAG = 1
    REDACT = 2
    BLOCK = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation that a judge sees; ``role`` is user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be judged: ``text`` at ``stage``, with the messages before it."""

    stage: Stage
    text: str
    context: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One category with its probability (0 to 1); ``start`` and ``end`` are offsets into the
    subject's text where only a part of it is meant, as for personal data."""

    category: str
    score: float
    start: int | None = None
    end: int | None = None

    @property
    def name(self) -> str:
        return CATEGORIES.get(self.category) or OWN_CATEGORIES.get(self.category, self.category)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judge's findings on one subject; empty means that it found nothing at all."""

    judge: str
    version: str
    findings: tuple[Finding, ...] = ()
    taxonomy: str = TAXONOMY
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A judge that gave no verdict: ``reason`` is a sentence for the log."""

    judge: str
    version: str
    reason: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """A part of the subject's text, by offsets, and the words that stand in its place."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the guard decided for one subject.

    ``text`` is what may be shown: the subject's own, the redacted one, or "" when blocked.
    ``findings`` are those that the policy acted on, strongest first; ``redactions`` are what was
    replaced in the subject's text, in order and apart from one another.
    """

    stage: Stage
    action: Action
    text: str
    policy_version: int
    findings: tuple[Finding, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    failures: tuple[Failure, ...] = ()
    message: str = field(default="")
    redactions: tuple[Redaction, ...] = ()

    @property
    def is_plain_pass(self) -> bool:
        return self.action is Action.ALLOW and not self.failures


class JudgeError(Exception):
    """A judge could not give a verdict: unreachable, too slow, or an answer without sense."""


class Judge(Protocol):
    """Gives verdicts. ``name`` and ``version`` are stored with each of them."""

    name: str
    version: str

    async def judge(self, subject: Subject) -> Verdict:
        """Raises JudgeError when there is no verdict; never guesses "safe"."""
        ...
