"""What engines hand to a turn, as events of it."""

from collections.abc import Sequence

from chatapp.backends import base
from chatapp.backends.errors import Malformed
from chatapp.conversations.events import (
    Answering,
    Compacted,
    Ended,
    Event,
    LeftOut,
    Loading,
    Passages,
    Queued,
    SourceRef,
    Usage,
)
from chatapp.conversations.prompt import Prompt
from rag.passage import Passage

NO_ANSWER = "The model gave no answer. Try again, or ask in other words."
CUT_SHORT = "The answer reached the longest length that this model is allowed."


def sources(passages: Sequence[Passage]) -> Passages:
    """The passages that an answer is given, numbered in their order."""
    return Passages(tuple(source(number, one) for number, one in enumerate(passages, 1)))


def source(number: int, passage: Passage) -> SourceRef:
    """A passage as the source ``number``."""
    return SourceRef(
        number=number,
        title=passage.title,
        heading=passage.heading,
        page=passage.page,
        collection=passage.collection,
        vector_id=passage.vector_id,
        score=passage.score,
    )


def left_out(built: Prompt, forgotten: tuple[str, ...]) -> list[Event]:
    """What the model is told as a summary, and what it is not told, if anything."""
    summary, turns = built.summary, (*forgotten, *built.left_out)
    events: list[Event] = [Compacted(summary.turns, summary.text)] if summary else []
    if turns or built.passages_left_out:
        events.append(LeftOut(turns, built.passages_left_out))
    return events


def noticed(notice: base.Notice) -> Event:
    """What comes before an answer."""
    match notice:
        case base.Waiting(position):
            return Queued(position)
        case base.Loading(seconds):
            return Loading(seconds)
        case base.Answering(model, digest):
            return Answering(model, digest)


def ending(finished: base.Finished | None, *, answered: bool) -> list[Event]:
    """The end of an answer. Raises Malformed where the stream had none."""
    if finished is None:
        raise Malformed("the stream ended without its last message")
    usage = Usage(finished.prompt_tokens, finished.answer_tokens)
    if not answered:
        return [usage, Ended("failed", NO_ANSWER)]
    return [usage, Ended("done", CUT_SHORT if finished.reason == "length" else "")]
