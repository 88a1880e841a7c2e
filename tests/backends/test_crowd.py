"""Many streams at once are read less often, and lose nothing by it."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from chatapp.backends.base import Delta, Finished, ReasoningDelta, TextDelta
from chatapp.backends.crowd import MANY, Crowd, joined
from chatapp.backends.errors import Unreachable

PIECES: list[Delta] = [
    ReasoningDelta("Let me "),
    ReasoningDelta("see."),
    TextDelta("You ", {"You": -0.1}),
    TextDelta("have "),
    TextDelta("28", {"28": -0.5}),
    TextDelta(" days."),
    Finished("stop", 3, 4),
]


def test_neighbours_of_one_kind_become_one() -> None:
    assert list(joined(PIECES)) == [
        ReasoningDelta("Let me see."),
        TextDelta("You have ", {"You": -0.1}),
        TextDelta("28 days.", {"28": -0.5}),
        Finished("stop", 3, 4),
    ]
    assert list(joined([])) == []


def test_what_came_before_an_error_is_given_first() -> None:
    def broken() -> Iterator[Delta]:
        yield from PIECES[2:4]
        raise Unreachable("gone")

    found = joined(broken())
    assert next(found) == TextDelta("You have ", {"You": -0.1})
    with pytest.raises(Unreachable):
        next(found)


def waits(crowd: Crowd) -> bool:
    """Whether a pause stands still, if only for a moment."""
    pause = crowd.pause()
    try:
        pause.send(None)
    except StopIteration:
        return False
    pause.close()
    return True


async def test_only_a_large_crowd_waits_and_is_joined() -> None:
    crowd = Crowd()
    async with AsyncExitStack() as stack:
        for _ in range(MANY - 1):
            await stack.enter_async_context(crowd.member())
        assert not waits(crowd)
        assert list(crowd.together(PIECES)) == PIECES
        await stack.enter_async_context(crowd.member())
        assert waits(crowd)
        assert list(crowd.together(PIECES)) == list(joined(PIECES))
    assert not crowd.is_large
