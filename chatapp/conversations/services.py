"""What people do with their conversations: ask, rename, delete.

Problem
├── NotFound   no such thing, or not this person's
├── Empty      a question without words
├── TooLong    a question over QUESTION_MAX_CHARS
└── Busy       the conversation is being answered
"""

from dataclasses import dataclass
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations.frames import Send
from chatapp.conversations.models import Conversation, Status, Turn
from chatapp.conversations.prompt import PROMPT_VERSION, Exchange
from chatapp.conversations.running import Job
from chatapp.conversations.turn import TurnRequest
from chatapp.moderation.services import Where

TITLE_CHARS = 60
HISTORY_TURNS = 50
NEW_CONVERSATIONS = UUID("6d1b7d0e-30a4-4f0b-9d5e-0c1a5f3b8f11")
"""Namespace of conversation ids. They follow from person and client id, so that a question which
starts a conversation and is sent twice, even at once, starts one."""
REMEMBERED = (Status.DONE, Status.STOPPED, Status.INTERRUPTED)


class Problem(Exception):
    """``code`` is the protocol's, ``str(error)`` a sentence for the person."""

    code = ""


class NotFound(Problem):
    code = "not_found"


class Empty(Problem):
    code = "empty"


class TooLong(Problem):
    code = "too_long"


class Busy(Problem):
    code = "busy"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was taken. ``job`` is None where it had been taken before, and ``over``
    says that it has been answered since."""

    turn: UUID
    conversation: UUID
    title: str
    over: bool
    job: Job | None


def ask(user: User, question: Send) -> Asked:
    """Take a question: make its turn, and its conversation where that is new. Raises Problem.

    The same ``client_id`` again gives the same turn.
    """
    if not question.text:
        raise Empty("Write a question first.")
    if len(question.text) > settings.QUESTION_MAX_CHARS:
        most = f"{settings.QUESTION_MAX_CHARS:,}"
        raise TooLong(f"A question may have up to {most} characters; please shorten it.")
    with transaction.atomic():
        conversation = _conversation(user, question)
        latest = conversation.turns.order_by("-started").defer("reasoning", "trace")
        recent = list(latest[:HISTORY_TURNS])
        turn = _known(conversation, question, recent)
        job = None
        if turn is None:
            model = _model(user, question)
            turn = _turn(user, conversation, question, recent)
            job = _job(user, turn, recent, model)
    over = turn.status != Status.RUNNING
    return Asked(turn.id, conversation.id, conversation.title, over, job)


def _conversation(user: User, question: Send) -> Conversation:
    """The conversation, locked, so that its questions are taken one at a time."""
    own = access.own_conversations(user)
    name = question.conversation
    if name is None:
        name = uuid5(NEW_CONVERSATIONS, f"{user.pk}:{question.client_id}")
        Conversation.objects.bulk_create(
            [Conversation(id=name, owner=user, title=title_of(question.text))],
            ignore_conflicts=True,
        )
    found = own.select_for_update().filter(id=name).first()
    if found is None:
        raise NotFound("This conversation does not exist, or it is not yours.")
    return found


def _known(conversation: Conversation, question: Send, recent: list[Turn]) -> Turn | None:
    """The turn that this question made before."""
    for turn in recent:
        if turn.client_id == question.client_id:
            return turn
    if len(recent) < HISTORY_TURNS:
        return None
    return conversation.turns.filter(client_id=question.client_id).first()


def _turn(user: User, conversation: Conversation, question: Send, recent: list[Turn]) -> Turn:
    if recent and recent[0].status == Status.RUNNING:
        raise Busy("This conversation is being answered. Wait, or stop the answer first.")
    return Turn.objects.create(
        conversation=conversation,
        parent=recent[0] if recent else None,
        client_id=question.client_id,
        question=question.text,
        collections=_collections(user, question),
        prompt_version=PROMPT_VERSION,
    )


def _model(user: User, question: Send) -> UUID:
    """Id of the model that answers: of those that may be used, the chosen one or the first."""
    usable = access.usable_models(user)
    wanted = usable if question.model is None else usable.filter(id=question.model)
    found = wanted.values_list("id", flat=True).first()
    if found is None and question.model is None:
        raise NotFound("No model is open to you. Ask an admin to open one to your groups.")
    if found is None:
        raise NotFound("The chosen model is no longer there for you. Choose another.")
    return found


def _collections(user: User, question: Send) -> list[str]:
    """Ids of the collections to search: of those that may be read, the chosen ones or all."""
    readable = access.readable_collections(user)
    if question.collections is None:
        return [str(name) for name in readable.values_list("id", flat=True)]
    if not question.collections:
        return []
    found = readable.filter(id__in=question.collections).values_list("id", flat=True)
    chosen = [str(name) for name in found]
    if len(chosen) < len(question.collections):
        raise NotFound("A chosen collection is no longer there for you. Choose again.")
    return chosen


def _job(user: User, turn: Turn, recent: list[Turn], model: UUID) -> Job:
    where = Where(
        person_id=user.pk,
        person=user.get_username(),
        conversation_id=turn.conversation_id,
        turn_id=turn.id,
    )
    return Job(
        turn=turn.id,
        where=where,
        request=TurnRequest(
            question=turn.question,
            history=_history(turn, recent),
            collections=tuple(turn.collections),
            passages=settings.RETRIEVED_PASSAGES,
        ),
        model=model,
    )


def _history(turn: Turn, recent: list[Turn]) -> tuple[Exchange, ...]:
    """The answered turns that lead to ``turn``, oldest first."""
    by_id = {each.id: each for each in recent}
    path: list[Exchange] = []
    parent = by_id.get(turn.parent_id) if turn.parent_id else None
    while parent is not None:
        if parent.status in REMEMBERED and parent.answer:
            path.append(Exchange(parent.question, parent.answer))
        parent = by_id.pop(parent.parent_id, None) if parent.parent_id else None
    return tuple(reversed(path))


def title_of(text: str) -> str:
    """The first words of a question: a conversation's title until it is renamed."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) <= TITLE_CHARS:
        return line or "Conversation"
    words = line[: TITLE_CHARS - 1].rpartition(" ")[0]
    return (words or line[: TITLE_CHARS - 1]) + "…"


def rename(user: User, conversation: UUID, title: str) -> None:
    """Raises NotFound, and Empty for a title without words."""
    words = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    own = access.own_conversations(user).filter(id=conversation)
    if not own.exists():
        raise NotFound("This conversation does not exist, or it is not yours.")
    if not words:
        raise Empty("A title needs at least one word.")
    own.update(title=words[: Conversation._meta.get_field("title").max_length])


def delete(user: User, conversation: UUID) -> list[UUID]:
    """Delete a conversation with all that is in it; gives the turns that were running, for the
    caller to stop. What the moderation log has of it stays. Raises NotFound."""
    with transaction.atomic():
        found = access.own_conversations(user).filter(id=conversation).first()
        if found is None:
            raise NotFound("This conversation does not exist, or it is not yours.")
        running = list(found.turns.filter(status=Status.RUNNING).values_list("id", flat=True))
        found.delete()
    return running
