"""From a turn's row to what runs it: whose it is, what is asked, and what was said before."""

from dataclasses import replace
from uuid import UUID

from django.conf import settings

from chatapp import access
from chatapp.accounts.models import User
from chatapp.backends.facts import Effort
from chatapp.conversations.kept import Kept, whole_words
from chatapp.conversations.models import REMEMBERED, Turn
from chatapp.conversations.pictures import images
from chatapp.conversations.prompt import NO_MORE, Exchange, Summary
from chatapp.conversations.running import Job
from chatapp.conversations.tree import Tree
from chatapp.conversations.turn import TurnRequest
from chatapp.library.passages import passage
from chatapp.moderation.services import Where
from rag.passage import Passage

HISTORY_TURNS = 50


def job_of(user: User, turn: Turn, tree: Tree, model: UUID | None) -> Job:
    """The job of ``turn``, whose place is in ``tree``; ``model`` is one that ``user`` may use."""
    where = Where(
        person_id=user.pk,
        person=user.get_username(),
        conversation_id=turn.conversation_id,
        turn_id=turn.id,
    )
    answered = _answered(turn, tree)
    history, summary = _history(answered[-HISTORY_TURNS:], turn.continues)
    known = summary.turns if summary else ()
    forgotten = [name for name in map(str, answered[:-HISTORY_TURNS]) if name not in known]
    request = TurnRequest(
        question=turn.question,
        history=history,
        forgotten=tuple(forgotten),
        summary=summary,
        collections=tuple(turn.collections),
        passages=settings.RETRIEVED_PASSAGES,
        images=images([turn])[0],
        effort=Effort(turn.effort) if turn.effort else None,
        kept=_kept(user, turn.continues) if turn.continues else None,
    )
    return Job(turn.id, turn.conversation_id, where, request, model)


def _answered(turn: Turn, tree: Tree) -> list[UUID]:
    """The answered turns that lead to ``turn``, oldest first."""
    return [node.id for node in tree.path(turn.parent_id) if node.status in REMEMBERED]


def _history(
    wanted: list[UUID], continued: Turn | None
) -> tuple[tuple[Exchange, ...], Summary | None]:
    """What was said in ``wanted``, oldest first, behind what the latest summary tells: that of the
    turn whose answer goes on, or of the last one before."""
    if not wanted:
        return (), None
    rows = Turn.objects.filter(id__in=wanted).exclude(answer="")
    said = {row.id: row for row in rows.only("id", "question", "answer", "pictures", "compacted")}
    turns = [said[name] for name in wanted if name in said]
    told = [turn.compacted for turn in [*turns, continued] if turn and turn.compacted]
    summary = Summary(tuple(told[-1]["turns"]), told[-1]["text"]) if told else None
    known = set(summary.turns) if summary else set()
    turns = [turn for turn in turns if str(turn.id) not in known]
    exchanges = (
        Exchange(turn.question, turn.answer, str(turn.id), shown)
        for turn, shown in zip(turns, images(turns), strict=True)
    )
    return tuple(exchanges), summary


def _kept(user: User, before: Turn) -> Kept:
    """The answer of ``before``, without half a word at its end."""
    passages = _passages(user, before) if before.collections else None
    return Kept(str(before.id), whole_words(before.answer), passages)


def _passages(user: User, before: Turn) -> tuple[Passage, ...]:
    """Those that ``before`` was given, in their order, since its answer names their numbers: words
    that ``user`` may not read any more are replaced."""
    sources = list(before.sources.select_related("chunk__document"))
    wanted = [source.chunk_id for source in sources if source.chunk_id]
    readable = set(access.readable_chunks(user).filter(id__in=wanted).values_list("id", flat=True))
    return tuple(
        replace(passage(source.chunk), score=source.score)
        if source.chunk and source.chunk_id in readable
        else Passage("", "", source.title, "", source.page, NO_MORE, source.score)
        for source in sources
    )
