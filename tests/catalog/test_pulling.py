"""Fetching models onto a server: watched in stints, cancelled, taken up again."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.backends.base import Pulled, ServedModel
from chatapp.backends.errors import BackendError, Malformed, TimedOut, Unreachable
from chatapp.catalog import pulling, tasks
from chatapp.catalog.models import Endpoint, Kind, Pull, PullState, Serving
from chatapp.catalog.pulling import Invalid, ask, cancel, lost, trouble, work
from tests.catalog.serving import Server

STEPS = (Pulled("pulling", 0, 4000), Pulled("pulling", 3000, 4000), Pulled("success", 4000, 4000))


class Library(Server):
    """A server that fetches in ``steps``; one that is None is a silence, an error breaks it."""

    def __init__(self, *steps: Pulled | BackendError | None) -> None:
        super().__init__(ServedModel("new:latest", "d9"))
        self.steps = steps
        self.closed = False

    async def pull(self, model: str) -> AsyncGenerator[Pulled, None]:  # noqa: ARG002  the protocol's
        try:
            for step in self.steps:
                if step is None:
                    await asyncio.Event().wait()
                elif isinstance(step, BackendError):
                    raise step
                else:
                    yield step
        finally:
            self.closed = True


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library(*STEPS)
    monkeypatch.setattr(wiring, "puller_at", lambda _: library)
    monkeypatch.setattr(wiring, "backend_at", lambda _: library)
    monkeypatch.setattr(pulling, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(pulling, "WRITE_SECONDS", 0.0)
    return library


@pytest.fixture
def pull(endpoint: Endpoint, admin: User) -> Pull:
    return ask(endpoint, "new", by=admin)


def test_it_is_watched_to_its_end(pull: Pull, library: Library) -> None:
    assert not work(pull.pk)
    pull.refresh_from_db()
    assert (pull.state, pull.digest) == (PullState.DONE, "d9")
    assert (pull.completed, pull.total, pull.percent) == (4000, 4000, 100)
    assert pull.ended is not None
    assert library.closed
    assert not work(pull.pk), "what has ended is not begun again"


def test_one_is_watched_at_a_time_and_the_next_one_has_its_turn_after_it(
    pull: Pull, library: Library, admin: User
) -> None:
    other = ask(pull.endpoint, "other", by=admin)
    now = timezone.now()
    Pull.objects.filter(pk=other.pk).update(state=PullState.RUNNING, beat=now)
    assert not work(pull.pk)
    pull.refresh_from_db()
    assert pull.state == PullState.QUEUED
    cancel(other, by=admin)
    Pull.objects.filter(pk=pull.pk).update(beat=now - timedelta(minutes=1))
    assert lost() == [pull.pk]
    work(pull.pk)
    pull.refresh_from_db()
    assert pull.state == PullState.DONE


def test_hostile_words_of_a_server_are_kept_without_what_rows_refuse(
    pull: Pull, library: Library
) -> None:
    library.steps = (Pulled("a\0b", 1, 2**62), Malformed("500: some\0thing"))
    work(pull.pk)
    pull.refresh_from_db()
    assert (pull.status, pull.total, pull.percent) == ("ab", 2**62, 0)
    assert "something" in pull.reason


def test_what_was_fetched_is_offered_by_the_name_that_was_asked_for(
    pull: Pull, library: Library, admin: User, client: Client
) -> None:
    work(pull.pk)
    client.force_login(admin)
    client.post(f"/models/servers/{pull.endpoint_id}/offer/", {"name": "new"})
    serving = Serving.objects.get(name="new:latest")
    assert serving.pin == "d9"


def test_a_failure_is_said_in_words(pull: Pull, library: Library) -> None:
    library.steps = (STEPS[1], Malformed("500: pull model manifest: file does not exist"))
    assert not work(pull.pk)
    pull.refresh_from_db()
    assert (pull.state, pull.completed) == (PullState.FAILED, 3000)
    assert pull.reason == "The library has no model of this name."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Malformed("500: Get https://registry: dial tcp: no such host"), "without internet"),
        (Malformed("500: write: no space left on device"), "disk is full"),
        (Malformed("500: digest mismatch, file must be downloaded again"), "thrown away"),
        (Malformed("500: 412: requires a newer version of Ollama"), "newer Ollama"),
        (Malformed("500: something new"), "something new"),
        (Unreachable("http://gpu-1: refused"), "cannot be reached"),
        (TimedOut("silent"), "silent"),
    ],
)
def test_what_goes_wrong_is_told(error: BackendError, words: str) -> None:
    assert words in trouble(error)


def test_a_silent_server_is_waited_for_and_cancelling_is_heard(
    pull: Pull, library: Library, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.steps = (STEPS[0], None)
    beats: list[str] = []
    note = pulling._note

    def noted(row: Pull, seen: Pulled) -> bool:
        beats.append(seen.status)
        if len(beats) == 3:
            cancel(pull, by=admin)
        return note(row, seen)

    monkeypatch.setattr(pulling, "_note", noted)
    assert not work(pull.pk)
    pull.refresh_from_db()
    assert pull.state == PullState.CANCELLED
    assert library.closed
    assert beats == ["pulling"] * 3


def test_a_stint_ends_and_the_next_one_goes_on(
    pull: Pull, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "STINT_SECONDS", 0.0)
    assert work(pull.pk)
    pull.refresh_from_db()
    assert (pull.state, pull.ended) == (PullState.QUEUED, None)
    assert library.closed
    monkeypatch.setattr(pulling, "STINT_SECONDS", 60.0)
    assert not work(pull.pk)
    pull.refresh_from_db()
    assert pull.state == PullState.DONE


def test_a_pull_whose_worker_died_is_taken_up(pull: Pull, library: Library) -> None:
    Pull.objects.update(state=PullState.RUNNING)
    assert lost() == []
    assert not work(pull.pk), "somebody is at it"
    pull.refresh_from_db()
    assert pull.state == PullState.RUNNING
    Pull.objects.update(beat=timezone.now() - timedelta(minutes=2))
    assert lost() == [pull.pk]
    assert not work(pull.pk)
    pull.refresh_from_db()
    assert pull.state == PullState.DONE


def test_the_clock_takes_up_what_is_lost(
    pull: Pull, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.pull_model, "delay", sent.append)
    tasks.look_at_servers()
    assert sent == []
    Pull.objects.update(beat=timezone.now() - timedelta(minutes=2))
    tasks.look_at_servers()
    assert sent == [pull.pk]
    monkeypatch.setattr(pulling, "STINT_SECONDS", 0.0)
    tasks.pull_model(pull.pk)
    assert sent == [pull.pk, pull.pk]


def test_a_server_that_does_not_fetch_says_so(
    pull: Pull, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "puller_at", lambda _: None)
    work(pull.pk)
    pull.refresh_from_db()
    assert "does not fetch models by itself" in pull.reason


def test_a_key_that_cannot_be_read_ends_it(
    pull: Pull, library: Library, settings: Settings
) -> None:
    settings.SECRET_KEY = "another key of the site, which is long enough"
    work(pull.pk)
    pull.refresh_from_db()
    assert pull.reason == pulling.UNREADABLE


def test_a_model_is_fetched_once_at_a_time(pull: Pull, endpoint: Endpoint, admin: User) -> None:
    with pytest.raises(Invalid, match="already"):
        ask(endpoint, " new ", by=admin)
    cancel(pull, by=admin)
    assert ask(endpoint, "new", by=admin).pk != pull.pk


@pytest.mark.parametrize("name", ["", " ", "--help", "a b", "a\nb", "x" * 201, "{}", "../etc"])
def test_what_is_no_name_is_refused(endpoint: Endpoint, admin: User, name: str) -> None:
    with pytest.raises(Invalid):
        ask(endpoint, name, by=admin)


def test_the_page_asks_shows_and_cancels(
    client: Client,
    admin: User,
    endpoint: Endpoint,
    library: Library,
    django_capture_on_commit_callbacks: Any,
) -> None:
    client.force_login(admin)
    there = f"/models/servers/{endpoint.pk}/"
    with django_capture_on_commit_callbacks() as enqueued:
        assert client.post(f"{there}pull/", {"name": "new"})["Location"] == there
    assert len(enqueued) == 1
    pull = Pull.objects.get()
    Pull.objects.update(state=PullState.RUNNING, completed=3000, total=4000, status="pulling")
    listed = client.get(f"{there}pulls/").content.decode()
    assert "3 kB of 4 kB, 75%: pulling" in listed
    assert 'hx-trigger="every 1s"' in listed
    client.post(f"{there}pulls/{pull.pk}/cancel/")
    listed = client.get(f"{there}pulls/").content.decode()
    assert "Cancelled" in listed
    assert "hx-trigger" not in listed
    client.post(f"{there}pull/", {"name": "no name"})
    assert "Give a model" in client.get(there).content.decode()
    Endpoint.objects.update(kind=Kind.OPENAI)
    assert client.post(f"{there}pull/", {"name": "new"}).status_code == 404
    assert "Fetch a model" not in client.get(there).content.decode()
