"""Scripted parts of a turn: real implementations of the protocols, which say what they are told."""

import asyncio
import copy
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from chatapp.backends.base import (
    ChatRequest,
    Delta,
    Finished,
    ReasoningDelta,
    ServedModel,
    TextDelta,
)
from chatapp.backends.errors import BackendError
from chatapp.conversations.events import Event, Reasoning, Text
from chatapp.conversations.turn import Tools, TurnRequest, run_turn
from chatapp.conversations.verdicts import Decided, Output
from guardrails.guard import Guard
from guardrails.policy import DEFAULT_BODY, Policy
from guardrails.verdict import Finding, JudgeError, Stage, Subject, Verdict
from rag.passage import Passage

DONE = Finished("stop", prompt_tokens=12, answer_tokens=3)
POLICY = Policy.from_body(7, DEFAULT_BODY)
# What the processes of served.py tell.
SENTENCE = "This is sentence {} of a very long story. "
BIG = "A whole paragraph of plain words that fills the pipe. " * 200


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    name: str = "scripted-1b"
    digest: str = "sha256:1234"
    demo: bool = True
    context_tokens: int = 4096
    answer_tokens: int = 256
    answer_most: int = 256
    sees: bool = False


@dataclass(slots=True)
class Pause:
    """The stream goes on when ``go`` is set; ``reached`` says that it came here."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)


Step = Delta | Exception | Pause


class ScriptedBackend:
    """Streams ``script``; knows what it was asked and whether a stream is open."""

    def __init__(self, *script: Step) -> None:
        self.script = script
        self.requests: list[ChatRequest] = []
        self.open = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        self.open += 1
        try:
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Pause):
                    step.reached.set()
                    await step.go.wait()
                else:
                    yield step
        finally:
            self.open -= 1

    async def served_models(self) -> tuple[ServedModel, ...]:
        return (ServedModel("scripted-1b"),)


class Attempts:
    """Several servers: each is asked once, in this order."""

    def __init__(self, *backends: ScriptedBackend) -> None:
        self.left = list(backends)

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        return self.left.pop(0).stream(request)

    def may_retry(self, error: BackendError) -> bool:  # noqa: ARG002  for whatever reason
        return bool(self.left)


def saying(*pieces: str) -> ScriptedBackend:
    return ScriptedBackend(*map(TextDelta, pieces), DONE)


def thinking(thought: str, *pieces: str) -> ScriptedBackend:
    return ScriptedBackend(ReasoningDelta(thought), *map(TextDelta, pieces), DONE)


class ScriptedJudge:
    """Finds the category ``words[word]`` in a text that has ``word``; fails where that is None.

    Sees everything in ``seen``; waits for ``gate`` at the stage of the request.
    """

    name = "scripted"
    version = "1"

    def __init__(self, words: dict[str, str | None] | None = None) -> None:
        self.words = words or {}
        self.seen: list[Subject] = []
        self.gate: asyncio.Event | None = None

    async def judge(self, subject: Subject) -> Verdict:
        self.seen.append(subject)
        if self.gate and subject.stage is Stage.REQUEST:
            await self.gate.wait()
        findings = []
        for word, category in self.words.items():
            start = subject.text.find(word)
            if start >= 0 and category is None:
                raise JudgeError("The judge has a headache.")
            if start >= 0 and category:
                findings.append(Finding(category, 0.99, start, start + len(word)))
        return Verdict(self.name, self.version, tuple(findings))


class ScriptedSearch:
    """Finds ``passages``, or raises."""

    def __init__(self, passages: Iterable[Passage] = (), error: Exception | None = None) -> None:
        self.passages = tuple(passages)
        self.error = error
        self.asked: list[tuple[str, tuple[str, ...], int]] = []

    def retrieve(
        self, question: str, collections: Sequence[str], limit: int
    ) -> tuple[Passage, ...]:
        self.asked.append((question, tuple(collections), limit))
        if self.error:
            raise self.error
        return self.passages


def passage(text: str, title: str = "Leave.pdf", vector_id: str = "d:1") -> Passage:
    return Passage(vector_id, "c", title, "Leave > Annual", 3, text, 0.7)


def with_rule(stage: str, category: str, action: str) -> Policy:
    """POLICY with one rule changed."""
    body = copy.deepcopy(DEFAULT_BODY)
    body["stages"][stage]["categories"][category] = {"action": action, "threshold": 0.5}
    return Policy.from_body(POLICY.version, body)


def make_tools(
    backend: ScriptedBackend | None = None,
    judge: ScriptedJudge | None = None,
    search: ScriptedSearch | None = None,
    policy: Policy = POLICY,
    model: ScriptedModel | None = None,
) -> Tools:
    async def chosen() -> ScriptedModel:
        return model or ScriptedModel()

    return Tools(
        model=chosen,
        backend=backend or saying("Hello."),
        guard=Guard([judge or ScriptedJudge()], policy, timeout=5.0),
        search=search or ScriptedSearch(),
    )


@dataclass(slots=True)
class Played:
    """What a turn gave."""

    events: list[Event] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)

    def add(self, output: Output) -> None:
        if isinstance(output, Decided):
            self.decided.append(output)
        else:
            self.events.append(output)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def text(self, kind: type[Text | Reasoning]) -> str:
        return "".join(event.text for event in self.of(kind) if isinstance(event, Text | Reasoning))


async def play(request: TurnRequest, tools: Tools) -> Played:
    """A whole turn."""
    played = Played()
    async for output in run_turn(request, tools):
        played.add(output)
    return played


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until ``condition`` holds; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  the condition may be another process's
            await asyncio.sleep(0.01)
