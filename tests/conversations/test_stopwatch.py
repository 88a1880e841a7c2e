"""What an answer took: the time that people waited, and the time that the model wrote."""

from collections.abc import AsyncGenerator

import pytest

from chatapp.backends.base import ChatRequest, Finished, Message, ReasoningDelta, TextDelta
from chatapp.backends.errors import Overloaded
from chatapp.conversations.events import Ended, Reasoning, Started, Text, Usage
from chatapp.conversations.stopwatch import Stopwatch
from chatapp.conversations.verdicts import Output
from tests.conversations.scripted import ScriptedBackend

REQUEST = ChatRequest("m", (Message("user", "How much?"),))


class Clock:
    """Goes on by one second whenever it is looked at."""

    def __init__(self) -> None:
        self.seconds = -1.0

    def __call__(self) -> float:
        self.seconds += 1.0
        return self.seconds


async def usage_of(watch: Stopwatch, *events: Output) -> Usage:
    async def told() -> AsyncGenerator[Output, None]:
        for event in events:
            yield event

    usages = [event async for event in watch.timed(told()) if isinstance(event, Usage)]
    assert len(usages) == 1
    return usages[0]


async def test_it_tells_when_the_first_words_of_the_answer_were_shown_and_the_whole() -> None:
    watch = Stopwatch(4096, Clock())
    usage = await usage_of(
        watch, Started("q", "m"), Reasoning("Hm."), Text("28"), Text(" days."), Usage(5, 6)
    )
    assert usage == Usage(5, 6, 4096, first_text_ms=1000, writing_ms=None, total_ms=2000)


async def test_it_tells_how_long_the_model_wrote_its_thoughts_included() -> None:
    watch = Stopwatch(4096, Clock())
    pieces = (ReasoningDelta("Hm."), TextDelta("28"), TextDelta(" days."), Finished("stop"))
    assert [d async for d in watch.over(ScriptedBackend(*pieces)).stream(REQUEST)] == list(pieces)
    assert (await usage_of(watch, Usage(5, 6), Ended("done"))).writing_ms == 2000


async def test_what_a_server_wrote_that_failed_is_not_counted() -> None:
    watch = Stopwatch(4096, Clock())
    failing = watch.over(ScriptedBackend(TextDelta("28"), TextDelta(" d"), Overloaded("503")))
    with pytest.raises(Overloaded):
        _ = [delta async for delta in failing.stream(REQUEST)]
    _ = [d async for d in watch.over(ScriptedBackend(TextDelta("30"))).stream(REQUEST)]
    assert (await usage_of(watch, Usage(5, 6))).writing_ms == 0


async def test_a_stream_that_is_left_is_closed() -> None:
    backend = ScriptedBackend(TextDelta("28"), TextDelta(" days."))
    stream = Stopwatch(4096, Clock()).over(backend).stream(REQUEST)
    await anext(stream)
    assert backend.open == 1
    await stream.aclose()
    assert backend.open == 0


async def test_an_answer_without_words_has_no_first_one() -> None:
    usage = await usage_of(Stopwatch(4096, Clock()), Usage(None, None))
    assert (usage.first_text_ms, usage.writing_ms) == (None, None)
