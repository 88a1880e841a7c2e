"""Files that people attach to a conversation: read by the library's own worker into a collection
of the conversation's, found for its questions alone, and gone with it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import IntegrityError
from django.db.models import Count, QuerySet, Sum

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations import temporary
from chatapp.conversations.asking import begun_by
from chatapp.conversations.attached import attached_to
from chatapp.conversations.models import Conversation
from chatapp.conversations.problems import NO_CONVERSATION, NotFound, Refused
from chatapp.library import actions
from chatapp.library.models import Collection, Document, State
from chatapp.library.services.receive import MEGABYTE
from chatapp.library.standing import standing_of

NO_FILE = "This file does not exist, or it is not yours."
UNNAMED = "New conversation"
PASSING_MOST = 50
STATES = {State.READY: "ready", State.FAILED: "refused"}


def begin(user: User, client_id: UUID) -> UUID:
    """A conversation to attach files to before anything is asked in it: it expires like a
    temporary one until then. The same ``client_id`` again gives the same. Raises Refused."""
    passing = access.own_conversations(user).exclude(expires=None)
    if passing.count() >= PASSING_MOST:
        raise Refused("Too many temporary conversations are open. Close some of them first.")
    name = begun_by(user, client_id)
    row = Conversation(id=name, owner=user, title=UNNAMED, expires=temporary.expiry())
    Conversation.objects.bulk_create([row], ignore_conflicts=True)
    return name


def attach(user: User, conversation: UUID, file: "File[Any]") -> Document:
    """Take a file into a conversation. The same bytes again give the file that is there. Raises
    NotFound and Refused."""
    collection = _collection(user, conversation)
    _refuse_too_much(collection, 1, file.size or 0)
    received = actions.receive(collection, file, user)
    if received.document is None or received.document.state == State.DELETING:
        raise Refused(received.refusal)
    if received.accepted:
        _take_back_too_much(collection, received.document)
    return received.document


def _collection(user: User, conversation: UUID) -> Collection:
    """Raises NotFound."""
    if not access.own_conversations(user).filter(id=conversation).exists():
        raise NotFound(NO_CONVERSATION)
    values = {
        "name": f"Files of conversation {conversation}",
        "attached": True,
        "chat_id": conversation,
        "created_by": user,
    }
    try:
        return Collection.objects.get_or_create(id=attached_to(conversation), defaults=values)[0]
    except IntegrityError:  # the conversation was removed meanwhile
        raise NotFound(NO_CONVERSATION) from None


def _refuse_too_much(collection: Collection, more: int, size: int) -> None:
    """Raises Refused where ``more`` files of together ``size`` bytes have no room."""
    there = collection.documents.exclude(state=State.DELETING)
    held = there.aggregate(files=Count("pk"), size=Sum("size", default=0))
    if held["files"] + more > settings.CHAT_FILES_MAX:
        raise Refused(f"A conversation takes up to {settings.CHAT_FILES_MAX} files.")
    if held["size"] + size > settings.CHAT_FILES_MAX_MB * MEGABYTE:
        raise Refused(f"A conversation takes files of up to {settings.CHAT_FILES_MAX_MB} MB.")


def _take_back_too_much(collection: Collection, document: Document) -> None:
    """Others may have come in between: each looks again when it is in. Raises Refused."""
    try:
        _refuse_too_much(collection, 0, 0)
    except Refused:
        actions.delete_document(document)
        raise


def of(user: User, conversation: UUID) -> QuerySet[Document]:
    """The files of a conversation, in the order in which they came."""
    collection = attached_to(conversation)
    return access.attached_documents(user).filter(collection=collection).order_by("created")


def detach(user: User, conversation: UUID, document: UUID) -> None:
    """Raises NotFound."""
    actions.delete_document(_file(user, conversation, document))


def retry(user: User, conversation: UUID, document: UUID) -> Document:
    """Let a file that could not be read be tried again. Raises NotFound."""
    found = _file(user, conversation, document)
    actions.retry(found)
    return _file(user, conversation, document)


def _file(user: User, conversation: UUID, document: UUID) -> Document:
    found = of(user, conversation).filter(id=document).first()
    if found is None:
        raise NotFound(NO_FILE)
    return found


def told(document: Document) -> dict[str, Any]:
    """The file as a page is given it."""
    standing = standing_of(document)
    return {
        "id": str(document.pk),
        "name": document.name,
        "size": document.size,
        "state": STATES.get(State(document.state), "reading"),
        "words": standing.words,
        "detail": standing.detail,
    }
