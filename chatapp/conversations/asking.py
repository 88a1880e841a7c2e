"""Taking questions: each becomes a turn at its place in the tree of its conversation."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction

from chatapp import access
from chatapp.accounts.models import User
from chatapp.backends.facts import Effort
from chatapp.conversations import choices, pictures, temporary
from chatapp.conversations.attached import attached_to
from chatapp.conversations.frames import Continue, Latest, Regenerate, Send
from chatapp.conversations.jobs import job_of
from chatapp.conversations.models import UNFINISHED, Conversation, Status, Turn
from chatapp.conversations.problems import (
    NO_CONVERSATION,
    NO_TURN,
    Busy,
    Empty,
    NotFound,
    TooLong,
    Whole,
)
from chatapp.conversations.prompt import PROMPT_VERSION
from chatapp.conversations.running import Job
from chatapp.conversations.telling import CUT_SHORT
from chatapp.conversations.titles import title_of
from chatapp.conversations.tree import Node, Tree, tree_of

QUEUED_TURNS = 10
BROKEN_OFF = (Status.INTERRUPTED, Status.STOPPED, Status.FAILED)
NEW_CONVERSATIONS = UUID("6d1b7d0e-30a4-4f0b-9d5e-0c1a5f3b8f11")
"""Namespace of conversation ids. They follow from person and client id, so that a question which
starts a conversation and is sent twice, even at once, starts one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was taken: ``made`` a turn now, or had done so before. ``job`` is None
    unless it is to be run now."""

    turn: UUID
    conversation: UUID
    title: str
    parent: UUID | None
    status: str
    made: bool
    job: Job | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A turn to be made; ``collections`` and ``model`` are ids of what the person may use,
    ``continues`` that of the turn whose answer goes on, and ``pictures`` are ids of images."""

    question: str
    parent: UUID | None
    collections: list[str]
    model: UUID
    effort: Effort | None
    continues: UUID | None = None
    pictures: Sequence[str] = ()


def ask(user: User, question: Send) -> Asked:
    """Take a question: make its turn, and its conversation where that is new. Raises Problem.

    The same ``client_id`` again gives the same turn.
    """
    if not question.text:
        raise Empty("Write a question first.")
    if len(question.text) > settings.QUESTION_MAX_CHARS:
        most = f"{settings.QUESTION_MAX_CHARS:,}"
        raise TooLong(f"A question may have up to {most} characters; please shorten it.")

    def draft(conversation: Conversation, tree: Tree) -> Draft:
        if not tree.nodes:
            _begin(conversation, question)
        return Draft(
            question=question.text,
            parent=_parent(conversation, tree, question.parent),
            collections=choices.collections(user, question.collections, question.conversation),
            model=choices.model(user, question.model),
            effort=question.effort,
            pictures=pictures.chosen(user, question.conversation, question.images),
        )

    with transaction.atomic():
        conversation, tree = _place(user, question)
        return _take(user, conversation, tree, question.client_id, draft)


def regenerate(user: User, frame: Regenerate) -> Asked:
    """Ask a turn's question again, beside it, in those of its collections that may still be read.
    Raises Problem. The same ``client_id`` again gives the same turn."""
    turn = _own(user, frame.turn)
    files = str(attached_to(turn.conversation_id))

    def draft(*_: object) -> Draft:
        return Draft(
            question=turn.question,
            parent=turn.parent_id,
            collections=choices.still_readable(user, [*turn.collections, files]),
            model=choices.model(user, frame.model),
            effort=frame.effort,
            pictures=turn.pictures,
        )

    return _beside(user, turn, frame.client_id, draft)


def go_on(user: User, frame: Continue) -> Asked:
    """Let a broken answer go on, as another version beside it that begins with it. Raises
    Problem. The same ``client_id`` again gives the same turn."""
    turn = _own(user, frame.turn)
    cut_short = turn.status == Status.DONE and turn.reason == CUT_SHORT
    if not turn.answer.strip() or not (turn.status in BROKEN_OFF or cut_short):
        raise Whole("This answer has nothing to go on from.")

    def draft(*_: object) -> Draft:
        return Draft(
            question=turn.question,
            parent=turn.parent_id,
            collections=choices.still_readable(user, turn.collections),
            model=choices.same_model(user, frame.model, turn.model_id),
            effort=Effort(turn.effort) if turn.effort else None,
            continues=turn.id,
            pictures=turn.pictures,
        )

    return _beside(user, turn, frame.client_id, draft)


def _own(user: User, name: UUID) -> Turn:
    turn = access.own_turns(user).filter(id=name).first()
    if turn is None:
        raise NotFound(NO_TURN)
    return turn


def _beside(
    user: User, turn: Turn, client_id: UUID, draft: Callable[[Conversation, Tree], Draft]
) -> Asked:
    """As :func:`_take`, in the conversation of ``turn``."""
    with transaction.atomic():
        conversation = _locked(user, turn.conversation_id)
        return _take(user, conversation, tree_of(conversation), client_id, draft)


def _take(
    user: User,
    conversation: Conversation,
    tree: Tree,
    client_id: UUID,
    draft: Callable[[Conversation, Tree], Draft],
) -> Asked:
    """The turn that ``client_id`` made before, or a new one."""
    node, job = tree.sent(client_id), None
    made = node is None
    if node is None:
        turn = _turn(conversation, tree, client_id, draft(conversation, tree))
        node = Node(turn.id, turn.parent_id, turn.status, client_id)
        if turn.status == Status.RUNNING:
            job = job_of(user, turn, tree, turn.model_id)
    return Asked(
        turn=node.id,
        conversation=conversation.id,
        title=conversation.title,
        parent=node.parent,
        status=node.status,
        made=made,
        job=job,
    )


def begun_by(user: User, client_id: UUID) -> UUID:
    """The conversation that what ``user`` sends with ``client_id`` begins."""
    return uuid5(NEW_CONVERSATIONS, f"{user.pk}:{client_id}")


def _place(user: User, question: Send) -> tuple[Conversation, Tree]:
    """The conversation, made where it is new, and its turns."""
    name = question.conversation
    if name is None:
        name = begun_by(user, question.client_id)
        with suppress(IntegrityError), transaction.atomic():
            return _new(user, name, question), Tree(())
    conversation = _locked(user, name)
    return conversation, tree_of(conversation)


def _new(user: User, name: UUID, question: Send) -> Conversation:
    """Raises IntegrityError where there is one already: the question was sent before."""
    return Conversation.objects.create(
        id=name,
        owner=user,
        title=title_of(question.text),
        expires=temporary.expiry() if question.temporary else None,
    )


def _begin(conversation: Conversation, question: Send) -> None:
    """Files may be attached before anything is asked: the first question then says what the
    conversation is called, and whether it stays."""
    title, stays = title_of(question.text), not question.temporary
    if (conversation.title, conversation.expires is None) != (title, stays):
        conversation.title = title
        conversation.expires = None if stays else temporary.expiry()
        conversation.save(update_fields=["title", "expires"])


def _locked(user: User, name: UUID) -> Conversation:
    """The conversation, locked, so that its questions are taken one at a time."""
    found = access.own_conversations(user).select_for_update().filter(id=name).first()
    if found is None:
        raise NotFound(NO_CONVERSATION)
    return found


def _parent(conversation: Conversation, tree: Tree, wanted: UUID | Latest | None) -> UUID | None:
    if wanted is Latest.LATEST:
        return tree.leaf(conversation.branch_id)
    if wanted is not None and wanted not in tree:
        raise NotFound(NO_TURN)
    return wanted


def _turn(conversation: Conversation, tree: Tree, client_id: UUID, draft: Draft) -> Turn:
    """The new row: running, or queued behind what is unfinished."""
    before = [node for node in tree.nodes.values() if node.status in UNFINISHED]
    if len(before) > QUEUED_TURNS:
        raise Busy("Enough questions wait here already. Wait for an answer, or take one back.")
    if conversation.branch_id is not None:
        conversation.branch = None
        conversation.save(update_fields=["branch"])
    return Turn.objects.create(
        conversation=conversation,
        parent_id=draft.parent,
        continues_id=draft.continues,
        client_id=client_id,
        question=draft.question,
        collections=draft.collections,
        model_id=draft.model,
        pictures=list(draft.pictures),
        effort=draft.effort or "",
        prompt_version=PROMPT_VERSION,
        status=Status.QUEUED if before else Status.RUNNING,
    )
