"""How the journals of running turns get into the log: together, and whatever Redis does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import pytest
from redis import ConnectionError as Away

from chatapp.conversations import scribe as writing
from chatapp.conversations.events import Ended, Started, Text
from chatapp.conversations.journal import Journal
from chatapp.conversations.log import Page
from chatapp.conversations.scribe import Scribe
from tests.conversations.scripted import until

END = Ended("done")


class Log:
    """Keeps pages, or is away."""

    def __init__(self) -> None:
        self.trips: list[Sequence[Page]] = []
        self.kept: dict[UUID, int] = {}
        self.trouble: Exception | None = None

    async def append_all(self, pages: Sequence[Page]) -> list[int]:
        await asyncio.sleep(0)
        if self.trouble is not None:
            raise self.trouble
        self.trips.append(pages)
        for page in pages:
            self.kept[page.turn] = len(page.events)
        return [len(page.events) for page in pages]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def scribe(log: Log, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scribe]:
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0.01)
    made = Scribe(log)  # type: ignore[arg-type]  # it has what is asked of it
    yield made
    await made.close()


def begun(pieces: int = 0) -> Journal:
    journal = Journal()
    journal.append(Started("Why?", "m"))
    for number in range(pieces):
        journal.append(Text(f"{number} "))
    return journal


async def test_all_turns_are_written_in_one_go(scribe: Scribe, log: Log) -> None:
    journals = {uuid4(): begun(pieces) for pieces in range(20)}
    closed = [scribe.begin(turn, journal) for turn, journal in journals.items()]
    await until(lambda: len(log.kept) == 20)
    for journal in journals.values():
        journal.append(END)
    async with asyncio.timeout(10):
        await asyncio.gather(*(each.wait() for each in closed))
    assert log.kept == {turn: len(journal.events) for turn, journal in journals.items()}
    assert [len(pages) for pages in log.trips] == [20, 20]


async def test_the_first_page_claims_the_turn_and_the_last_lets_go_of_it(
    scribe: Scribe, log: Log
) -> None:
    journal = begun()
    closed = scribe.begin(uuid4(), journal)
    await until(lambda: len(log.trips) == 1)
    journal.append(Text("Because."))
    await until(lambda: len(log.trips) == 2)
    journal.append(END)
    await closed.wait()
    held = [(page.claims, page.releases) for (page,) in log.trips]
    assert held == [(True, False), (False, False), (False, True)]


async def test_what_happens_while_redis_is_away_is_written_later(scribe: Scribe, log: Log) -> None:
    log.trouble = Away()
    journal = begun(3)
    closed = scribe.begin(uuid4(), journal)
    await asyncio.sleep(0)
    journal.append(END)
    log.trouble = None
    await closed.wait()
    assert list(log.kept.values()) == [5]


@pytest.mark.parametrize("trouble", [Away(), RuntimeError("a mistake of ours")])
async def test_it_gives_up_where_redis_stays_away_after_the_end(
    scribe: Scribe, log: Log, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    monkeypatch.setattr(writing, "GIVE_UP_SECONDS", 0.05)
    log.trouble = trouble
    lasting, ended = begun(), begun()
    ended.append(END)
    open_one, closed = scribe.begin(uuid4(), lasting), scribe.begin(uuid4(), ended)
    async with asyncio.timeout(10):
        await closed.wait()
    assert not open_one.is_set()
    log.trouble = None
    lasting.append(END)
    await open_one.wait()


async def test_a_turn_that_begins_when_all_others_have_ended_is_written(
    scribe: Scribe, log: Log
) -> None:
    for _ in range(2):
        journal = begun()
        journal.append(END)
        await scribe.begin(uuid4(), journal).wait()
    assert list(log.kept.values()) == [2, 2]
