"""The guard's stage behind the model: what it lets through of a stream's runs, as events."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace

from chatapp.backends.base import ReasoningDelta
from chatapp.conversations.events import Ended, Reasoning, Text, Withheld
from chatapp.conversations.kept import beyond
from chatapp.conversations.runs import Runs
from chatapp.conversations.verdicts import Output, told
from guardrails.guard import Guard
from guardrails.stream import Check, Held, Released, guarded, unguarded
from guardrails.verdict import Decision, Message, Stage, Subject


class Judging:
    """Judges one answer, which follows ``context``. What is ``kept`` of it was shown before: the
    first run of text goes on from there.

    Each run is judged together with what was shown of those of its kind before it: a model that
    thinks in the middle of its answer cannot say in two halves what it may not say in one.
    """

    def __init__(self, guard: Guard, context: tuple[Message, ...], kept: str) -> None:
        self._guard = guard
        self._context = context
        self._kept = kept
        self._shown: dict[type[Reasoning | Text], str] = {Reasoning: "", Text: kept}

    async def run(self, runs: Runs) -> AsyncGenerator[Output, None]:
        """One run of text or of reasoning, as the guard lets it through."""
        form = Reasoning if runs.kind is ReasoningDelta else Text
        subject = Subject(Stage.RESPONSE, "", self._context)

        async def check(text: str) -> Decision:
            nonlocal subject
            subject = replace(subject, text=text)
            return await self._guard.check_in_place(subject)

        pieces = self._going_on(runs) if form is Text else runs.pieces()
        async with aclosing(await self._judged(pieces, check, self._shown[form])) as events:
            async for event in events:
                for output in self._released(event, form, subject):
                    if isinstance(output, Text | Reasoning):
                        self._shown[form] += output.text
                    yield output

    def _going_on(self, runs: Runs) -> AsyncGenerator[str, None]:
        kept, self._kept = self._kept, ""
        return beyond(kept, runs.pieces()) if kept else runs.pieces()

    async def _judged(
        self, pieces: AsyncGenerator[str, None], check: Check, shown: str
    ) -> AsyncGenerator[Released | Held, None]:
        policy = self._guard.policy
        if policy.stages[Stage.RESPONSE].is_off:
            return unguarded(pieces, await check(""))

        def place(first: bool) -> AbstractAsyncContextManager[object]:
            return self._guard.place(Stage.RESPONSE, first=first)

        return guarded(pieces, check, policy.window, place, shown)

    def _released(
        self, event: Released | Held, form: type[Reasoning | Text], subject: Subject
    ) -> list[Output]:
        names = self._guard.names_at(Stage.RESPONSE)
        if isinstance(event, Held):
            message = event.decision.message
            withheld = Withheld(Stage.RESPONSE, message)
            return [*told(event.decision, subject, names), withheld, Ended("blocked", message)]
        news = [] if event.told else told(event.decision, subject, names)
        shown = form(event.text)
        return [*news, shown] if event.text else news
