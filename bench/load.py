"""Streams that begin together: what each received, and when."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from time import monotonic

import aiohttp

from bench.ways import Ask, Broken, Way

BEGIN_WITHIN_SECONDS = 1.0
PATIENCE_SECONDS = 180.0
QUESTION = "What should a new colleague know about the office? {}"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Stream:
    """One answer as its reader saw it. Times are seconds of CLOCK_MONOTONIC; ``arrivals`` has
    for each piece when it came and how many characters there were by then."""

    mark: str
    asked: float = 0.0
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    failure: str = ""


async def burst(way: Way, streams: int, first: int = 0) -> list[Stream]:
    """``streams`` answers by ``way``, all begun within BEGIN_WITHIN_SECONDS and marked by their
    numbers from ``first`` on."""
    async with AsyncExitStack() as stack:
        ready = [way.ready(number) for number in range(streams)]
        asks = [await stack.enter_async_context(each) for each in ready]
        begin = monotonic()
        every = BEGIN_WITHIN_SECONDS / streams
        reads = (
            read(ask, Stream(mark(first + number)), begin + number * every)
            for number, ask in enumerate(asks)
        )
        return await asyncio.gather(*reads)


async def read(ask: Ask, stream: Stream, at: float) -> Stream:
    """Ask at the moment ``at``, and note what comes."""
    await asyncio.sleep(at - monotonic())
    stream.asked = monotonic()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await note(ask(QUESTION.format(stream.mark)), stream)
    except (Broken, aiohttp.ClientError, OSError, TimeoutError) as error:
        stream.failure = str(error) or type(error).__name__
    return stream


async def note(pieces: AsyncGenerator[str, None], stream: Stream) -> None:
    characters = 0
    async with aclosing(pieces):
        async for text in pieces:
            characters += len(text)
            stream.arrivals.append((monotonic(), characters))


def mark(number: int) -> str:
    """A mark for the model server to know the stream by, without a digit: rules look at those."""
    letters = ""
    while number or not letters:
        number, rest = divmod(number, len(LETTERS))
        letters = LETTERS[rest] + letters
    return f"(stream {letters})"
