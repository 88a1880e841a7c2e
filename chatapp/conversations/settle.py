"""Ends the turns whose process died, with what their log has kept."""

import logging
from uuid import UUID

from channels.db import database_sync_to_async

from chatapp.conversations import record
from chatapp.conversations.events import Ended, Event, Started
from chatapp.conversations.log import TurnLog
from chatapp.conversations.models import Status, Turn

DELETED = "The conversation was deleted."
LOST = "The answer was interrupted."
logger = logging.getLogger(__name__)


async def settle_all(log: TurnLog) -> int:
    """Settle every running turn that no process holds; how many that were."""
    running = Turn.objects.filter(status=Status.RUNNING).values_list("id", flat=True)
    turns = await database_sync_to_async(lambda: list(running))()
    return sum([await settle(log, turn) for turn in turns])


async def settle(log: TurnLog, turn: UUID) -> bool:
    """End ``turn`` as interrupted if its process died: the row keeps the text of the log, and
    the log gets the end that its followers wait for. Whether there was anything to do.

    May be called by several processes at once: the row is claimed by a guarded update, and the
    log takes each sequence number once. A queued turn is held by nobody either; one that has just
    begun was claimed before it ran, which the second look sees.
    """
    if not await log.forsaken(turn) or await _waits(turn) or not await log.forsaken(turn):
        return False
    events = [event for _, event in await log.read_all(turn)]
    ended = events[-1] if events and isinstance(events[-1], Ended) else None
    row = await database_sync_to_async(_end_row)(turn, events, ended)
    if ended is not None:
        return False
    logger.info("Turn %s was left by its process", turn)
    await log.append(turn, [*events, *_missing(row, bool(events))], len(events))
    if row is not None:
        await log.announce(row.conversation_id)
        await log.ask_to_go_on(row.conversation_id)
    return True


async def _waits(turn: UUID) -> bool:
    queued = Turn.objects.filter(id=turn, status=Status.QUEUED)
    return bool(await database_sync_to_async(queued.exists)())


def _missing(row: Turn | None, started: bool) -> list[Event]:
    """What the log lacks; ``row`` is None where its conversation was deleted."""
    if row is None:
        return [Ended(Status.STOPPED, DELETED)]
    ended = Ended(row.status, row.reason)
    return [ended] if started else [Started(row.question, row.model_name, row.demo), ended]


def _end_row(turn: UUID, events: list[Event], ended: Ended | None) -> Turn | None:
    fold = record.Fold()
    for event in events:
        fold.add(event)
    record.finish(turn, fold.outcome(ended or Ended(Status.INTERRUPTED, LOST)))
    return Turn.objects.filter(id=turn).first()
