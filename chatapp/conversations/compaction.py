"""A history that outgrows the model's context: the model itself sums its older part up.

The summary is stored with the turn and told again with the turns that follow, so that the prefix
of their prompts stays the same and nothing is summed up twice. It makes room for more than the
next turn alone. Where none can be made, what finds no room is left out, and said to be.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from chatapp.backends.base import Answers, ChatRequest, Message, TextDelta
from chatapp.backends.facts import Effort
from chatapp.conversations import prompt, telling
from chatapp.conversations.events import Compacting
from chatapp.conversations.prompt import Material, Summary
from chatapp.conversations.runs import Runs
from chatapp.conversations.verdicts import Output, told
from guardrails.guard import Guard
from guardrails.verdict import Action, Stage, Subject

SUMMARY_TOKENS = 512
SUMMARY_ROOM = 768
"""By our own estimate, which is above the model's count."""
MOST_TURNS = 40
BATCHES = 4


class Compaction:
    """Sums up what is too much of ``material``, which holds less of it afterwards. ``template``
    is a request to the model that answers."""

    def __init__(
        self, backend: Answers, guard: Guard, template: ChatRequest, material: Material
    ) -> None:
        self.material = material
        self._backend = backend
        self._guard = guard
        self._template = template

    async def events(self, budget: int) -> AsyncGenerator[Output, None]:
        """What there is to tell while the history is made to fit ``budget``. Raises BackendError,
        also prompt's ContextExceeded."""
        left = surplus(self.material, budget)
        if left:
            yield Compacting(left)
        for _ in range(BATCHES):
            if not left:
                return
            before = left
            async with aclosing(self._batch(left)) as events:
                async for event in events:
                    yield event
            left = surplus(self.material, budget)
            if left >= before:
                return

    async def _batch(self, most: int) -> AsyncGenerator[Output, None]:
        """Sum up the oldest exchanges, at most so many, as far as one request can hold them."""
        context = self._template.context_tokens or 0
        messages, taken = request_for(self.material, most, context - SUMMARY_TOKENS)
        if not taken:
            return
        request = replace(
            self._template,
            messages=messages,
            max_tokens=SUMMARY_TOKENS,
            effort=Effort.OFF,  # or thoughts may take all of the room
        )
        said: list[str] = []
        async with aclosing(self._backend.stream(request)) as stream:
            runs = Runs(stream)
            async with aclosing(runs.notices()) as notices:
                async for notice in notices:
                    yield telling.noticed(notice)
            while (kind := runs.kind) is not None:
                said += [piece async for piece in runs.pieces() if kind is TextDelta]
        subject = Subject(Stage.RESPONSE, "".join(said).strip())
        if not subject.text:
            return
        decision = await self._guard.check(subject)
        for event in told(decision, subject, self._guard.names_at(Stage.RESPONSE)):
            yield event
        if decision.action is not Action.BLOCK:
            self.material = folded(self.material, taken, decision.text)


def surplus(material: Material, budget: int) -> int:
    """How many of the oldest exchanges are to be summed up: none where all fit, else all but the
    latest that fill half of the room. Only turns are summed up, which keep the summary."""
    history = material.history
    if not history or not history[0].turn:
        return 0
    room = prompt.frame(material, budget).room
    fit = prompt.recent(history, room - prompt.total(prompt.summed_up(material.summary)))
    if len(fit) == len(history) <= MOST_TURNS or room < 2 * SUMMARY_ROOM:
        return 0
    kept = prompt.recent(history, (room - SUMMARY_ROOM) // 2)
    return len(history) - min(len(kept), MOST_TURNS // 2)


def request_for(material: Material, most: int, budget: int) -> tuple[tuple[Message, ...], int]:
    """The wish for a summary; and how many of the oldest exchanges, at most ``most``, it holds.

    They are written out in one message: asked at the end of a chat, small models go on chatting.
    """
    before = material.summary.text if material.summary else ""
    system, parts, taken = Message("system", prompt.SUM_UP), [before] if before else [], 0
    for exchange in material.history[:most]:
        wider = [*parts, f"Question: {exchange.question}\nAnswer: {exchange.answer}"]
        if prompt.total((system, transcript(wider))) > budget:
            break
        parts, taken = wider, taken + 1
    return (system, transcript(parts)), taken


def transcript(parts: Sequence[str]) -> Message:
    return Message("user", "\n\n".join([*parts, "Summary:"]))


def folded(material: Material, taken: int, text: str) -> Material:
    """``material`` with ``text`` instead of its first ``taken`` exchanges and its summary."""
    before = material.summary.turns if material.summary else ()
    turns = (*before, *(exchange.turn for exchange in material.history[:taken]))
    return replace(material, summary=Summary(turns, text), history=material.history[taken:])
