"""From a turn's row to what runs it: whose it is, what is asked, and what was said before."""

from uuid import UUID

from django.conf import settings

from chatapp.accounts.models import User
from chatapp.backends.facts import Effort
from chatapp.conversations.models import REMEMBERED, Turn
from chatapp.conversations.prompt import Exchange
from chatapp.conversations.running import Job
from chatapp.conversations.tree import Tree
from chatapp.conversations.turn import TurnRequest
from chatapp.moderation.services import Where

HISTORY_TURNS = 50


def job_of(user: User, turn: Turn, tree: Tree, model: UUID | None) -> Job:
    """The job of ``turn``, whose place is in ``tree``; ``model`` is one that ``user`` may use."""
    where = Where(
        person_id=user.pk,
        person=user.get_username(),
        conversation_id=turn.conversation_id,
        turn_id=turn.id,
    )
    request = TurnRequest(
        question=turn.question,
        history=_history(turn, tree),
        collections=tuple(turn.collections),
        passages=settings.RETRIEVED_PASSAGES,
        effort=Effort(turn.effort) if turn.effort else None,
    )
    return Job(turn.id, turn.conversation_id, where, request, model)


def _history(turn: Turn, tree: Tree) -> tuple[Exchange, ...]:
    """The answered turns that lead to ``turn``, oldest first."""
    answered = [node.id for node in tree.path(turn.parent_id) if node.status in REMEMBERED]
    wanted = answered[-HISTORY_TURNS:]
    if not wanted:
        return ()
    rows = Turn.objects.filter(id__in=wanted).exclude(answer="")
    said = {name: Exchange(*words) for name, *words in rows.values_list("id", "question", "answer")}
    return tuple(said[name] for name in wanted if name in said)
