"""One turn, from a question to its end: plain Python, which writes nothing anywhere.

    run_turn = started, then each stage of _Turn, an async generator inside another:
      ask      the guard judges the request, while retrieval runs beside it
      find     the passages arrive, the guard judges each, and blocked ones are dropped
      answer   cited(guarded(the model's stream)): nothing downstream sees unjudged text

Whoever closes the generator closes all that is inside, the request to the model with it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from chatapp.backends import base
from chatapp.backends.base import USUAL, ChatRequest, Image, Sampling, TextDelta
from chatapp.backends.errors import BackendError, CannotSee, ContextExceeded
from chatapp.backends.facts import Effort
from chatapp.conversations import prompt, telling
from chatapp.conversations.cite import cited
from chatapp.conversations.compaction import Compaction
from chatapp.conversations.events import (
    Continued,
    Ended,
    Event,
    Reasoning,
    Retried,
    Searching,
    Started,
    Text,
    Withheld,
)
from chatapp.conversations.judging import Judging
from chatapp.conversations.kept import Kept
from chatapp.conversations.parts import Model, Search
from chatapp.conversations.runs import Runs
from chatapp.conversations.stopwatch import Stopwatch
from chatapp.conversations.verdicts import Output, told, told_once
from guardrails.guard import Guard
from guardrails.verdict import Action, Message, Stage, Subject
from rag.passage import Passage, RagError

SEARCH_FAILED = (
    "Your documents cannot be searched at the moment. Your question is kept; try again in a minute."
)


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """What is asked. ``collections`` are ids that the person may read and chose: () searches
    nothing. ``passages`` is how many at most. ``instructions`` are the asker's own, which were
    judged before; ``answer_tokens`` can only lower the model's own limit. ``images`` belong to the
    question. ``effort`` is how much the model is to reason, None for as much as it does unasked.
    What is ``kept`` of an answer goes on. ``forgotten`` are turns before those of ``history``,
    and ``summary`` tells of others."""

    question: str
    history: tuple[prompt.Exchange, ...] = ()
    collections: tuple[str, ...] = ()
    passages: int = 5
    instructions: str = ""
    answer_tokens: int | None = None
    sampling: Sampling = USUAL
    images: tuple[Image, ...] = ()
    effort: Effort | None = None
    kept: Kept | None = None
    forgotten: tuple[str, ...] = ()
    summary: prompt.Summary | None = None

    def opening(self, started: Started) -> list[Event]:
        """The first events."""
        return [started, Continued(self.kept.turn, self.kept.text)] if self.kept else [started]


def never(error: BackendError) -> bool:  # noqa: ARG001  for whatever reason
    return False


@dataclass(frozen=True, slots=True)
class Tools:
    """What a turn works with. ``model`` says which model answers; raises BackendError.
    ``may_retry`` says whether ``backend``, which failed so, may be asked once more."""

    model: Callable[[], Awaitable[Model]]
    backend: base.Answers
    guard: Guard
    search: Search
    may_retry: Callable[[BackendError], bool] = never


async def run_turn(request: TurnRequest, tools: Tools) -> AsyncGenerator[Output, None]:
    """What happens, the first Started and the last Ended. Raises only what nobody foresaw."""
    try:
        model = await tools.model()
    except BackendError as error:
        for first in request.opening(Started(request.question, model="")):
            yield first
        yield Ended("failed", error.sentence)
        return
    for first in request.opening(Started(request.question, model.name, model.demo, model.digest)):
        yield first
    watch = Stopwatch(model.context_tokens)
    turn = _Turn(request, replace(tools, backend=watch.over(tools.backend)), model)
    async with aclosing(watch.timed(_stages(turn))) as events:
        async for event in events:
            yield event
            if isinstance(event, Ended):
                return


async def _stages(turn: "_Turn") -> AsyncGenerator[Output, None]:
    try:
        for stage in (turn.ask, turn.find, lambda: cited(turn.answer(), turn.sources, turn.kept)):
            async with aclosing(stage()) as events:
                async for event in events:
                    yield event
    except BackendError as error:
        yield Ended("failed", error.sentence)
    except RagError:
        yield Ended("failed", SEARCH_FAILED)
    finally:
        await turn.close()


class _Turn:
    """One turn's stages and what they hand on."""

    def __init__(self, request: TurnRequest, tools: Tools, model: Model) -> None:
        self._tools = tools
        self._model = model
        self._request = request
        self.kept = request.kept.text if request.kept else ""
        self._material = prompt.Material(
            request.question,
            request.history if model.sees else prompt.in_words(request.history),
            instructions=request.instructions,
            images=request.images,
            kept=self.kept,
            summary=request.summary,
        )
        self._prompt = prompt.Prompt((), ())
        self._found: asyncio.Task[tuple[Passage, ...]] | None = None
        self._runs: Runs | None = None

    @property
    def sources(self) -> int:
        """How many passages the answer is given."""
        return len(self._prompt.passages)

    async def close(self) -> None:
        """Leave no task behind; a search that is under way ends unheard."""
        if self._found is not None:
            self._found.cancel()
            await asyncio.wait({self._found})
            if not self._found.cancelled():
                self._found.exception()  # or asyncio complains that nobody asked

    # --- ask --------------------------------------------------------------------------------

    async def ask(self) -> AsyncGenerator[Output, None]:
        kept, collections = self._request.kept, self._request.collections
        if collections and not kept:
            yield Searching(len(collections))
        if collections or (kept and kept.passages is not None):
            self._found = asyncio.create_task(self._search())
        subject = Subject(Stage.REQUEST, self._request.question, self._context())
        decision = await self._tools.guard.check(subject)
        for event in told(decision, subject, self._tools.guard.names_at(Stage.REQUEST)):
            yield event
        if decision.action is Action.BLOCK:
            yield Withheld(Stage.REQUEST, decision.message)
            yield Ended("blocked", decision.message)
        self._material = replace(self._material, question=decision.text)

    def _context(self) -> tuple[Message, ...]:
        """The exchanges before the question, as judges read them."""
        return tuple(
            message
            for exchange in self._request.history
            for message in (
                Message("user", exchange.question),
                Message("assistant", exchange.answer),
            )
        )

    async def _search(self) -> tuple[Passage, ...]:
        asked = self._request
        if asked.kept:
            return asked.kept.passages or ()
        return await asyncio.to_thread(
            self._tools.search.retrieve, asked.question, asked.collections, asked.passages
        )

    # --- find -------------------------------------------------------------------------------

    async def find(self) -> AsyncGenerator[Output, None]:
        passages: list[Passage] = []
        if self._found is not None:
            found = await self._found
            subjects = [Subject(Stage.PASSAGE, passage.text) for passage in found]
            decisions = await asyncio.gather(*map(self._tools.guard.check, subjects))
            names = self._tools.guard.names_at(Stage.PASSAGE)
            for event in told_once(decisions, subjects, names):
                yield event
            for passage, decision in zip(found, decisions, strict=True):
                if decision.action is not Action.BLOCK:
                    passages.append(replace(passage, text=decision.text))
                elif self.kept:  # which names passages by their numbers
                    passages.append(replace(passage, text=prompt.NO_MORE))
            self._material = replace(self._material, passages=tuple(passages))
        if self._request.images and not self._model.sees:
            raise CannotSee(f"{self._model.name} takes no images")
        budget = self._model.context_tokens - self._model.answer_tokens
        async with aclosing(self._compact(budget)) as events:
            async for event in events:
                yield event
        self._prompt = prompt.build(self._material, budget)
        if self._found is not None:
            yield telling.sources(self._prompt.passages)
        for event in telling.left_out(self._prompt, self._request.forgotten):
            yield event

    async def _compact(self, budget: int) -> AsyncGenerator[Output, None]:
        """Where it fails, history is left out instead, as far as the answer has a server left."""
        backend, guard = self._tools.backend, self._tools.guard
        compaction = Compaction(backend, guard, self._asking(()), self._material)
        try:
            async with aclosing(compaction.events(budget)) as events:
                async for event in events:
                    yield event
        except BackendError as error:
            if not isinstance(error, ContextExceeded) and not self._tools.may_retry(error):
                raise
        self._material = compaction.material

    # --- answer -----------------------------------------------------------------------------

    async def answer(self) -> AsyncGenerator[Output, None]:
        """As :meth:`_attempt`, again by another server where one fails before anything of the
        answer was shown, and never after that."""
        shown = False
        while True:
            try:
                async with aclosing(self._attempt()) as events:
                    async for event in events:
                        if isinstance(event, Text | Reasoning):
                            if not shown and self._is_to_be_replaced():
                                continue
                            shown = True
                        yield event
            except BackendError as error:
                if shown or not self._tools.may_retry(error):
                    raise
                yield Retried(error.sentence)
            else:
                return

    def _is_to_be_replaced(self) -> bool:
        """Whether the stream broke, so that what the guard still had of it is another server's to
        say again."""
        broken = self._runs.broken if self._runs else None
        return broken is not None and self._tools.may_retry(broken)

    def _asking(self, messages: tuple[base.Message, ...]) -> ChatRequest:
        room = self._model.context_tokens - prompt.total(messages)
        most = min(self._model.answer_most, room)
        return ChatRequest(
            model=self._model.name,
            messages=messages,
            max_tokens=min(self._request.answer_tokens or most, most),
            sampling=self._request.sampling,
            context_tokens=self._model.context_tokens,
            effort=self._request.effort,
        )

    async def _attempt(self) -> AsyncGenerator[Output, None]:
        request = self._asking(self._prompt.messages)
        async with aclosing(self._tools.backend.stream(request)) as stream:
            runs, answered = Runs(stream), bool(self.kept)
            before = (*self._context(), Message("user", self._material.question))
            judging = Judging(self._tools.guard, before, self.kept)
            self._runs = runs
            async with aclosing(runs.notices()) as notices:
                async for notice in notices:
                    yield telling.noticed(notice)
            while runs.kind is not None:
                answered |= runs.kind is TextDelta
                async with aclosing(judging.run(runs)) as events:
                    async for event in events:
                        yield event
            for event in telling.ending(runs.finished, answered=answered):
                yield event
