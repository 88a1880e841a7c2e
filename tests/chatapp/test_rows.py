"""Work on rows from an event loop: in threads that keep their connections."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, connections
from django.db.backends.signals import connection_created

from chatapp import rows
from chatapp.rows import in_rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    yield
    await rows.close()
    await database_sync_to_async(connections.close_all)()


@pytest.fixture
def one_thread() -> Iterator[None]:
    with patch.object(rows, "THREADS", 1):
        yield


@contextmanager
def connections_made() -> Iterator[list[int]]:
    """The thread of each connection that is opened."""
    made: list[int] = []

    def note(**_: Any) -> None:
        made.append(threading.get_ident())

    connection_created.connect(note, weak=False)
    try:
        yield made
    finally:
        connection_created.disconnect(note)


def names() -> list[str]:
    return sorted(Group.objects.values_list("name", flat=True))


async def test_it_gives_what_the_work_returns() -> None:
    await in_rows(Group.objects.create, name="staff")
    assert await in_rows(names) == ["staff"]


async def test_it_raises_what_the_work_raises_and_goes_on() -> None:
    with pytest.raises(Group.DoesNotExist):
        await in_rows(Group.objects.get, name="nobody")
    assert await in_rows(names) == []


async def test_a_thread_keeps_its_connection(one_thread: None) -> None:
    with connections_made() as made:
        for number in range(3):
            await in_rows(Group.objects.create, name=str(number))
    assert len(made) == 1


async def test_pieces_of_work_run_side_by_side() -> None:
    meeting = threading.Barrier(rows.THREADS, timeout=20)
    met = await asyncio.gather(*(in_rows(meeting.wait) for _ in range(rows.THREADS)))
    assert sorted(met) == list(range(rows.THREADS))


async def test_whoever_stops_waiting_does_not_stop_the_work(one_thread: None) -> None:
    go, task = threading.Event(), None

    def work() -> None:
        assert go.wait(20)
        Group.objects.create(name="done all the same")

    task = asyncio.create_task(in_rows(work))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    assert await in_rows(names) == ["done all the same"]


@contextmanager
def lost() -> Iterator[None]:
    """As if the database's server did not know the connections any more."""
    with patch.object(type(connections["default"]), "is_usable", lambda _: False):
        yield


def fail() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT of what there is not")


async def test_a_connection_that_was_lost_in_its_work_is_replaced(one_thread: None) -> None:
    with pytest.raises(DatabaseError):
        await in_rows(fail)
    with lost(), connections_made() as made:
        assert await in_rows(names) == []
    assert len(made) == 1


async def test_a_connection_survives_a_statement_that_failed(one_thread: None) -> None:
    with pytest.raises(DatabaseError):
        await in_rows(fail)
    with connections_made() as made:
        assert await in_rows(names) == []
    with lost():
        assert await in_rows(names) == []
    assert made == []


async def test_a_connection_that_was_lost_while_it_rested_is_replaced(one_thread: None) -> None:
    await in_rows(names)
    with lost(), patch.object(rows, "IDLE_SECONDS", -1), connections_made() as made:
        assert await in_rows(names) == []
    assert len(made) == 1


async def test_closing_finishes_what_was_given_and_leaves_no_thread() -> None:
    given = [asyncio.ensure_future(in_rows(Group.objects.create, name=str(n))) for n in range(9)]
    await asyncio.sleep(0)
    await rows.close()
    assert len(await asyncio.gather(*given)) == 9
    assert [each.name for each in threading.enumerate() if each.name.startswith("rows-")] == []


async def test_closing_what_never_worked_does_nothing() -> None:
    await rows.close()
