"""What people do with their conversations: rename, pin, choose a branch."""

from uuid import UUID

from django.db import transaction

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations.index import index_title
from chatapp.conversations.models import Conversation
from chatapp.conversations.problems import NO_CONVERSATION, NO_TURN, Empty, NotFound
from chatapp.conversations.titles import one_line


def rename(user: User, conversation: UUID, title: str) -> None:
    """Raises NotFound, and Empty for a title without words."""
    words = one_line(title)
    found = access.own_conversations(user).filter(id=conversation).first()
    if found is None:
        raise NotFound(NO_CONVERSATION)
    if not words:
        raise Empty("A title needs at least one word.")
    found.title = words[: Conversation._meta.get_field("title").max_length]
    with transaction.atomic():
        Conversation.objects.filter(id=conversation).update(title=found.title)
        index_title(found)


def pin(user: User, conversation: UUID, *, pinned: bool) -> None:
    """Let a conversation stand first in the list, or among the others. Raises NotFound."""
    if not access.own_conversations(user).filter(id=conversation).update(pinned=pinned):
        raise NotFound(NO_CONVERSATION)


def choose_branch(user: User, turn: UUID) -> Conversation:
    """Let the conversation of ``turn`` stand at the newest turn of the branch that goes through
    it, until another question is asked. Raises NotFound."""
    found = access.own_turns(user).filter(id=turn).select_related("conversation").first()
    if found is None:
        raise NotFound(NO_TURN)
    Conversation.objects.filter(id=found.conversation_id).update(branch=found)
    found.conversation.branch_id = found.id
    return found.conversation
