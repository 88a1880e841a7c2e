"""One question by the API: what its key may use of models and collections, and the turn.

The turn is the page's own (:func:`chatapp.conversations.turn.run_turn`), with the same guard and
the same log. What differs is that the client keeps the history, so that there is no conversation
of ours to write it into.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import QuerySet

from chatapp import access, wiring
from chatapp.api.errors import TOO_LONG, Invalid, NotFound
from chatapp.api.keys import Caller
from chatapp.api.models import ApiKey, Scope
from chatapp.api.talk import Talk
from chatapp.api.vetting import Memory, subject_of_answer, subject_of_question, vetted
from chatapp.backends.base import USUAL, Sampling
from chatapp.backends.facts import Effort
from chatapp.catalog import dispatch
from chatapp.catalog.models import LanguageModel
from chatapp.conversations import record
from chatapp.conversations.events import Ended, Event, Started, Text, Withheld
from chatapp.conversations.turn import Tools, TurnRequest, run_turn
from chatapp.conversations.verdicts import Decided
from chatapp.library.models import Collection
from chatapp.moderation.services import Where
from chatapp.rows import in_rows
from guardrails.guard import Guard
from guardrails.verdict import Action, Stage

LET_THROUGH = Memory()
"""What the guard of this process let through lately."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for. ``collections`` is None for the key's own."""

    talk: Talk
    model: str
    collections: tuple[UUID, ...] | None = None
    answer_tokens: int | None = None
    sampling: Sampling = USUAL
    effort: Effort | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A wish that may be answered, with what answers it. ``id`` stands in the moderation log as
    the turn's."""

    caller: Caller
    wish: Wish
    collections: tuple[str, ...]
    tools: Tools
    id: UUID = field(default_factory=uuid4)

    @property
    def where(self) -> Where:
        """Where the log says that it was."""
        return self.caller.where(self.id)

    def request(self, talk: Talk) -> TurnRequest:
        """The turn's request, with what the guard left of ``talk``."""
        return TurnRequest(
            question=talk.question,
            history=talk.history,
            collections=self.collections,
            passages=settings.RETRIEVED_PASSAGES,
            instructions=talk.instructions,
            answer_tokens=self.wish.answer_tokens,
            sampling=self.wish.sampling,
            effort=self.wish.effort,
        )


def prepared(caller: Caller, wish: Wish) -> Question:
    """``wish`` within what the caller may use. Raises NotFound, and Invalid for a question over
    QUESTION_MAX_CHARS."""
    most = settings.QUESTION_MAX_CHARS
    if len(wish.talk.question) > most:
        message = f"A question may have up to {most:,} characters; please shorten it."
        raise Invalid(message, param="messages", code=TOO_LONG)
    model = usable_model(caller, wish.model)
    tools = wiring.tools(model.pk, dispatch.Caller(caller.person.pk))
    return Question(caller, wish, chosen(caller, wish.collections), tools)


def usable_model(caller: Caller, name: str) -> LanguageModel:
    """The model ``name``. Raises NotFound where there is none for the caller.

    Names are compared here, since a database refuses some that a client can send.
    """
    for model in access.usable_models(caller.person):
        if model.name == name:
            return model
    raise NotFound(
        f"There is no model “{name}” for you; GET /v1/models lists those that there are.",
        param="model",
        code="model_not_found",
    )


def chosen(caller: Caller, wanted: Sequence[UUID] | None) -> tuple[str, ...]:
    """Ids of the collections to search, of those that the caller may read now. A key that may not
    search collections is bound to its own. Raises NotFound."""
    readable = access.readable_collections(caller.person)
    own = _own(caller, readable)
    if wanted is None:
        return own
    free = Scope.COLLECTIONS_READ in caller.scopes
    found = readable.filter(id__in=wanted).values_list("id", flat=True)
    allowed = {str(name) for name in found} if free else set(own)
    names = tuple(dict.fromkeys(str(name) for name in wanted))
    if not allowed.issuperset(names):
        raise NotFound("There is no such collection for this key.", param="collections")
    return names


def _own(caller: Caller, readable: QuerySet[Collection]) -> tuple[str, ...]:
    own = ApiKey.collections.through.objects.filter(apikey=caller.key).values("collection")
    return tuple(str(name) for name in readable.filter(id__in=own).values_list("id", flat=True))


async def events(question: Question) -> AsyncGenerator[Event, None]:
    """What happens, the first Started and the last Ended; each of the guard's decisions is in the
    log before anything that follows from it is given."""
    async with aclosing(_outputs(question)) as outputs:
        async for output in outputs:
            if isinstance(output, Decided):
                await in_rows(record.decided, output, question.where)
            else:
                yield output


async def _outputs(question: Question) -> AsyncGenerator[Event | Decided, None]:
    guard = question.tools.guard
    before = await vetted(question.wish.talk, guard, LET_THROUGH)
    for decided in before.decided:
        yield decided
    if before.blocked:
        yield Started(before.talk.question, question.wish.model)
        yield Withheld(Stage.REQUEST, before.blocked.message)
        yield Ended("blocked", before.blocked.message)
        return
    passed = _Passed(before.talk.question, guard)
    async with aclosing(run_turn(question.request(before.talk), question.tools)) as outputs:
        async for output in outputs:
            passed.note(output)
            yield output


class _Passed:
    """Remembers a question and its answer once both were let through as they are."""

    def __init__(self, question: str, guard: Guard) -> None:
        self._question = question
        self._guard = guard
        self._shown = question
        self._answer: list[str] = []
        self._certain = True

    def note(self, output: Event | Decided) -> None:
        match output:
            case Decided(decision, subject) if subject.stage is Stage.REQUEST:
                self._shown = decision.text
                self._certain &= not decision.failures
            case Decided(decision, subject) if subject.stage is Stage.RESPONSE:
                self._certain &= decision.action is not Action.BLOCK and not decision.failures
            case Text(text):
                self._answer.append(text)
            case Ended("done") if self._certain:
                answer = subject_of_answer(self._question, "".join(self._answer))
                LET_THROUGH.keep(subject_of_question(self._question), self._guard, self._shown)
                LET_THROUGH.keep(answer, self._guard, answer.text)
            case _:
                pass
