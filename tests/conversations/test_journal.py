"""A running turn's events in memory, and how pieces of text are joined."""

import asyncio

import pytest

from chatapp.conversations.events import Cited, Ended, Event, Reasoning, Text
from chatapp.conversations.journal import COALESCE_SECONDS, Coalescer, Journal, Numbered

END = Ended("done")


async def collect(journal: Journal, after: int) -> list[Numbered]:
    return [numbered async for numbered in journal.follow(after)]


@pytest.mark.parametrize("after", [0, 1, 2, 3])
async def test_a_follower_gets_each_later_event_once_in_order(after: int) -> None:
    journal = Journal()
    journal.append(Text("a"))
    follower = asyncio.create_task(collect(journal, after))
    await asyncio.sleep(0)
    journal.append(Text("b"))
    await asyncio.sleep(0)
    journal.append(END)
    whole = [(1, Text("a")), (2, Text("b")), (3, END)]
    assert await follower == whole[after:]


async def test_it_takes_nothing_after_the_end() -> None:
    journal = Journal()
    journal.append(END)
    with pytest.raises(ValueError, match="ended"):
        journal.append(Text("late"))


async def test_the_first_piece_goes_at_once_and_quick_ones_after_it_are_joined() -> None:
    journal = Journal()
    coalescer = Coalescer(journal)
    for piece in ("You ", "have ", "28 ", "days."):
        coalescer.add(Text(piece))
    assert journal.events == [Text("You ")]
    async with asyncio.timeout(50 * COALESCE_SECONDS):
        await journal.beyond(1)
    assert journal.events == [Text("You "), Text("have 28 days.")]


async def test_other_events_keep_their_place_among_the_pieces() -> None:
    journal = Journal()
    coalescer = Coalescer(journal)
    given: list[Event] = [
        Reasoning("Hm"),
        Reasoning("m."),
        Text("Yes"),
        Text(" [1]"),
        Cited(1, 4),
        Text("."),
        END,
    ]
    for event in given:
        coalescer.add(event)
    assert journal.events == [
        Reasoning("Hm"),
        Reasoning("m."),
        Text("Yes [1]"),
        Cited(1, 4),
        Text("."),
        END,
    ]
