"""The guard over what a client says was said before.

On the page the history is ours: each question and each answer in it was judged when it came. Here
the client sends it, and could put into it what no question may hold. So each message is judged as
what it claims to be, unless this process let the same message through before, under the same
policy: then a long talk costs one question at a time, and the log is told of each thing once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain

from chatapp.api.talk import Talk
from chatapp.conversations.prompt import Exchange
from chatapp.conversations.verdicts import Decided
from guardrails.guard import Guard
from guardrails.verdict import Action, Decision, Message, Stage, Subject

AT_ONCE = 8
"""Messages of one request that are judged side by side."""
REMEMBERED = 20_000


class Memory:
    """What a guard let through lately, as digests; a redacted text with what became of it."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._known: OrderedDict[bytes, str | None] = OrderedDict()

    def recall(self, subject: Subject, guard: Guard) -> str | None:
        """What may be shown of ``subject``; None where that is not known."""
        key = _key(subject, guard)
        if key not in self._known:
            return None
        self._known.move_to_end(key)
        changed = self._known[key]
        return subject.text if changed is None else changed

    def keep(self, subject: Subject, guard: Guard, shown: str) -> None:
        """Remember that ``shown`` is what may be shown of ``subject``."""
        self._known[_key(subject, guard)] = None if shown == subject.text else shown
        while len(self._known) > self._most:
            self._known.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Vetted:
    """``talk`` is what may be passed on, and ``decided`` is for the log. ``blocked`` is the
    decision by which nothing may."""

    talk: Talk
    decided: tuple[Decided, ...] = ()
    blocked: Decision | None = None


async def vetted(talk: Talk, guard: Guard, memory: Memory) -> Vetted:
    """``talk`` with all but its question judged; that one the turn judges itself."""
    subjects = _subjects(talk)
    known = [memory.recall(each, guard) if each.text else "" for each in subjects]
    unknown = [each for each, shown in zip(subjects, known, strict=True) if shown is None]
    unknown = list(dict.fromkeys(unknown))
    decisions = dict(zip(unknown, await checked(unknown, guard), strict=True))
    for subject, decision in decisions.items():
        if decision.action is not Action.BLOCK and not decision.failures:
            memory.keep(subject, guard, decision.text)
    decided = tuple(Decided(d, s) for s, d in decisions.items() if not d.is_plain_pass)
    blocked = next((d for d in decisions.values() if d.action is Action.BLOCK), None)
    shown = [
        decisions[subject].text if text is None else text
        for subject, text in zip(subjects, known, strict=True)
    ]
    return Vetted(_with(talk, shown), decided, blocked)


def subject_of_answer(question: str, answer: str) -> Subject:
    """An answer as a part of the history is judged: beside the question that it answers."""
    return Subject(Stage.RESPONSE, answer, (Message("user", question),))


def subject_of_question(question: str) -> Subject:
    return Subject(Stage.REQUEST, question)


def _subjects(talk: Talk) -> list[Subject]:
    """The instructions, then each question and its answer."""
    pairs = (
        (subject_of_question(each.question), subject_of_answer(each.question, each.answer))
        for each in talk.history
    )
    return [subject_of_question(talk.instructions), *chain.from_iterable(pairs)]


async def checked(subjects: Sequence[Subject], guard: Guard) -> list[Decision]:
    """The decision on each of ``subjects``, a few of them at a time."""
    turnstile = asyncio.Semaphore(AT_ONCE)

    async def check(subject: Subject) -> Decision:
        async with turnstile:
            return await guard.check(subject)

    return await asyncio.gather(*map(check, subjects))


def _with(talk: Talk, shown: Sequence[str]) -> Talk:
    pairs = zip(shown[1::2], shown[2::2], strict=True)
    history = tuple(Exchange(question, answer) for question, answer in pairs)
    return replace(talk, instructions=shown[0], history=history)


def _key(subject: Subject, guard: Guard) -> bytes:
    parts = [str(guard.policy.version), *guard.names, subject.stage, subject.text]
    parts += [part for message in subject.context for part in (message.role, message.text)]
    digest = sha256()
    for part in parts:
        whole = part.encode("utf-8", "surrogatepass")
        digest.update(len(whole).to_bytes(8, "big") + whole)
    return digest.digest()
