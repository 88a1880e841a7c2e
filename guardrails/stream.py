"""The hold-back window: a stream of text in, only text that was judged out.

    async with aclosing(guarded(pieces, check, policy.window)) as events:
        async for event in events:
            match event:
                case Released(text, decision, told): ...  # show text; tell what was not yet told
                case Held(decision): ...                  # the last: tell decision.message

``check`` is given a part of the answer and gives the guard's decision on it, e.g.
``lambda text: guard.check(Subject(Stage.RESPONSE, text, context))``. Reading goes on while it
runs; when it is slower than the stream, the next part is longer. At the end, the whole answer is
judged once more, and with it what was still held back. What was ``shown`` of the answer before is
judged with what follows it, from the first part on, and is not released again.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace

from guardrails.policy import Window
from guardrails.redact import redact
from guardrails.rules.normalise import is_hidden
from guardrails.verdict import Action, Decision

Check = Callable[[str], Awaitable[Decision]]
Place = Callable[[bool], AbstractAsyncContextManager[object]]
SENTENCE_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f]\s|\n")


@dataclass(frozen=True, slots=True)
class Released:
    """Judged text, in order, with the decision that let it through.

    ``text`` is empty where a decision is to be told while the text is still held back. ``told``
    says that there is nothing new to tell or to log: a plain pass after the first one, or only
    findings and failures that an earlier event of this stream told already.
    """

    text: str
    decision: Decision
    told: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The end: what follows was blocked, and the source is closed already."""

    decision: Decision


async def guarded(
    pieces: AsyncGenerator[str, None],
    check: Check,
    window: Window,
    place: Place = nullcontext,
    shown: str = "",
) -> AsyncGenerator[Released | Held, None]:
    """What ``check`` lets through of ``pieces``; see the module. ``place`` is held during each
    check, told whether it is the first: what comes while it is waited for is judged in it too.

    An error of ``pieces`` is raised after what came before it was judged and released.
    """
    intake, news, released, first = _Intake(window, shown), _News(), len(shown), True
    async with _reading(intake, pieces) as reader:
        while True:
            await intake.due()
            async with place(first):
                whole = intake.ended
                start = 0 if whole or first else _before(intake.text, released, window.overlap)
                text = intake.text[start:]
                if not text:
                    break
                decision = _bounded(await check(text), len(text), window)
            if decision.action is Action.BLOCK:
                break
            intake.mark(start + len(text))
            floor = released - start
            end = len(text) if whole else _safe_end(text, floor, decision, window)
            safe = redact(text, decision.redactions, floor, end)
            released, first = start + end, first and released == start + end
            told = news.told(decision, start)
            if safe or not told:
                yield Released(safe, decision, told)
            if whole:
                break
        if whole:
            await reader
    if text and decision.action is Action.BLOCK:
        yield Held(decision)


async def unguarded(
    pieces: AsyncGenerator[str, None], decision: Decision
) -> AsyncGenerator[Released, None]:
    """``pieces`` as they come, where the policy has the stage off. ``decision`` is told once."""
    told = False
    async with aclosing(pieces):
        async for piece in pieces:
            yield Released(piece, decision, told)
            told = True


class _Intake:
    """What was read so far. Reading pauses while ``window.most`` or more is unjudged."""

    def __init__(self, window: Window, shown: str) -> None:
        self.text = shown
        self.ended = False
        self._judged = self._shown = len(shown)
        self._window = window
        self._grown = asyncio.Event()
        self._drained = asyncio.Event()

    async def fill(self, pieces: AsyncIterator[str]) -> None:
        try:
            async for piece in pieces:
                self.text += piece
                self._grown.set()
                await _until(self._drained, self._has_room)
        finally:
            self.ended = True
            self._grown.set()

    async def due(self) -> None:
        """Returns when there is something to judge, or the stream has ended."""
        await _until(self._grown, self._is_due)

    def mark(self, judged: int) -> None:
        """The text before the offset ``judged`` was judged."""
        self._judged = judged
        self._drained.set()

    def _has_room(self) -> bool:
        return len(self.text) - self._judged < self._window.most

    def _is_due(self) -> bool:
        if self.ended:
            return True
        return len(self.text) - self._shown > self._window.holdback and (
            len(self.text) - self._judged >= self._window.characters
            or SENTENCE_END.search(self.text, self._judged) is not None
        )


class _News:
    """Which findings and failures of a stream were told already."""

    def __init__(self) -> None:
        self._known: set[object] = set()

    def told(self, decision: Decision, offset: int) -> bool:
        """Whether an earlier decision held all that this one does. A finding is known by its
        category and its place in the stream, where it has one."""
        news: set[object] = {"plain"} if decision.is_plain_pass else set()
        for finding in decision.findings:
            place = None if finding.start is None else finding.start + offset
            news.add((finding.category, place))
        news |= {(failure.judge, failure.reason) for failure in decision.failures}
        told = news <= self._known
        self._known |= news
        return told


async def _until(event: asyncio.Event, ready: Callable[[], bool]) -> None:
    while not ready():
        event.clear()
        await event.wait()


@asynccontextmanager
async def _reading(
    intake: _Intake, pieces: AsyncGenerator[str, None]
) -> AsyncGenerator[asyncio.Task[None], None]:
    async with aclosing(pieces):
        reader = asyncio.create_task(intake.fill(pieces))
        try:
            yield reader
        finally:
            reader.cancel()
            await asyncio.wait([reader])
            if not reader.cancelled():
                reader.exception()  # or asyncio complains that nobody asked


def _safe_end(text: str, floor: int, decision: Decision, window: Window) -> int:
    """How much of ``text`` may be shown while more follows: not the last ``holdback``
    characters, no part of a redaction, and none that may go on behind the end."""
    end = _before(text, len(text), window.holdback)
    for part in decision.redactions:
        goes_on = not text[part.end :].strip()
        if goes_on or part.start < end < part.end:
            end = min(end, part.start)
    return max(end, floor)


def _before(text: str, end: int, characters: int) -> int:
    """Where the last ``characters`` of ``text[:end]`` begin. Hidden ones do not count: judges do
    not see them, and enough of them between two letters would part any word from itself."""
    while characters and end:
        end -= 1
        characters -= not is_hidden(text[end])
    return end


def _bounded(decision: Decision, length: int, window: Window) -> Decision:
    """Blocks where a redaction has no end in sight, so that what waits for it stays bounded."""
    longest = max((part.end - part.start for part in decision.redactions), default=0)
    if longest > window.most and length > window.most:
        return replace(decision, action=Action.BLOCK, text="", redactions=())
    return decision
