"""An ended turn's row as the events that it was, so that one reducer shows both."""

from collections.abc import Collection, Iterable
from dataclasses import fields

from chatapp.conversations.events import (
    Continued,
    Ended,
    Event,
    Judged,
    Passages,
    Reasoning,
    SourceRef,
    Started,
    Text,
    Usage,
    from_wire,
)
from chatapp.conversations.models import UNFINISHED, Source, Turn


def events_of(turn: Turn, readable: Collection[int]) -> list[Event]:
    """The events of ``turn``, text in one piece; none before its end.

    ``turn`` comes with its sources and their chunks' documents; ``readable`` are the ids of the
    chunks whose place in the library may be told.
    """
    if turn.status in UNFINISHED:
        return []
    trace = [from_wire(frame) for frame in turn.trace]
    sources = tuple(_ref(source, readable) for source in turn.sources.all())
    events: list[Event] = [Started(turn.question, turn.model_name, turn.demo, turn.model_digest)]
    events += [Continued(str(turn.continues_id), "")] if turn.continues_id else []
    events += [each for each in trace if isinstance(each, Judged)]
    if turn.collections:
        events.append(Passages(sources))
    events += [from_wire(turn.compacted)] if turn.compacted else []
    events += [Reasoning(turn.reasoning)] if turn.reasoning else []
    events += [Text(turn.answer)] if turn.answer else []
    # Nothing was written after what was withheld, so its place is behind all text.
    events += [each for each in trace if not isinstance(each, Judged)]
    usage = Usage(**{each.name: getattr(turn, each.name) for each in fields(Usage)})
    return [*events, usage, Ended(turn.status, turn.reason)]


def chunks_of(turns: Iterable[Turn]) -> set[int]:
    """Ids of the chunks that the sources of ``turns`` are."""
    return {s.chunk_id for turn in turns for s in turn.sources.all() if s.chunk_id is not None}


def _ref(source: Source, readable: Collection[int]) -> SourceRef:
    chunk = source.chunk if source.chunk_id in readable else None
    return SourceRef(
        number=source.number,
        title=source.title,
        heading=chunk.heading if chunk else "",
        page=source.page,
        collection=str(chunk.document.collection_id) if chunk else "",
        vector_id=chunk.vector_id if chunk else "",
        score=source.score,
    )
