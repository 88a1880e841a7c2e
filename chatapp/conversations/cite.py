"""The stage that finds the sources that an answer names."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from chatapp.conversations.events import Cited, Event, Judged, Text
from chatapp.conversations.verdicts import Decided, Output
from rag.cite import Citation, CitationFilter


async def cited(
    events: AsyncGenerator[Output, None], sources: int, before: str = ""
) -> AsyncGenerator[Output, None]:
    """``events``, with a Cited behind each mark of a source from 1 to ``sources``; those in the
    text ``before`` them come first.

    The beginning of what may be a mark waits for the next piece of text. Verdicts may overtake
    it; whatever else comes does not.
    """
    marks = CitationFilter(sources)
    for known in (*marks.feed(before), *marks.flush()):
        if isinstance(known, Citation):
            yield Cited(known.number, known.at)
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Text):
                for part in _events(marks.feed(event.text)):
                    yield part
                continue
            if not isinstance(event, Judged | Decided):
                for part in _events(marks.flush()):
                    yield part
            yield event


def _events(parts: Iterable[str | Citation]) -> Iterable[Event]:
    for part in parts:
        yield Text(part) if isinstance(part, str) else Cited(part.number, part.at)
