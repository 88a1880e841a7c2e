"""How a document stands, in words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chatapp.library.models import Document, State
from chatapp.library.progress import Counts
from chatapp.library.standing import ago, count_words, standing_of


@pytest.mark.parametrize(
    ("state", "segments", "words"),
    [
        (State.RECEIVED, "now - - - -", "Waiting to be read"),
        (State.READING, "done now - - -", "Reading"),
        (State.CHECKING, "done done now - -", "Checking 40 of 120 passages"),
        (State.EMBEDDING, "done done done now -", "Embedding 40 of 120 passages"),
        (State.READY, "done done done done done", "Ready"),
        (State.DELETING, "- - - - -", "Deleting"),
    ],
)
def test_each_state_has_its_marks_and_words(state: State, segments: str, words: str) -> None:
    standing = standing_of(Document(state=state, passages=120, passages_done=40))
    assert [mark or "-" for mark in standing.segments] == segments.split()
    assert standing.words == words


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (State.RECEIVED, "Failed while waiting"),
        (State.READING, "Failed while being read"),
        (State.CHECKING, "Failed while being checked"),
        (State.EMBEDDING, "Failed while being embedded"),
    ],
)
def test_a_failure_says_where_and_why(stage: State, words: str) -> None:
    failed = Document(state=State.FAILED, failed_in=stage, reason="It is damaged.")
    standing = standing_of(failed)
    assert (standing.words, standing.detail) == (words, "It is damaged.")
    assert standing.segments.count("failed") == 1


def test_a_document_that_waits_for_another_attempt_says_when() -> None:
    due = timezone.now()
    waiting = Document(state=State.RECEIVED, reason="The store is down.", lease_until=due)
    standing = standing_of(waiting)
    assert standing.words == "Will be tried again"
    assert (standing.detail, standing.due) == ("The store is down.", due)


@pytest.mark.parametrize(("number", "words"), [(1, "1 passage with"), (3, "3 passages with")])
def test_what_the_guard_holds_back_is_told(number: int, words: str) -> None:
    assert words in standing_of(Document(state=State.READY, held_back=number)).detail


def test_a_ready_document_without_trouble_has_no_more_to_say() -> None:
    assert standing_of(Document(state=State.READY)).detail == ""


@pytest.mark.parametrize(
    ("counts", "words"),
    [(Counts(12, 7, 1), "7 of 12 ready, 1 failed"), (Counts(3, 3, 0), "3 of 3 ready")],
)
def test_counts_are_told_in_words(counts: Counts, words: str) -> None:
    assert count_words(counts) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "Just now"),
        (0, "Just now"),
        (59, "Just now"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (86_399, "23 hours ago"),
        (86_400, "1 day ago"),
        (29 * 86_400, "29 days ago"),
    ],
)
def test_a_time_is_told_as_people_do(seconds: int, words: str) -> None:
    assert ago(timezone.now() - timedelta(seconds=seconds, milliseconds=200)) == words


def test_a_time_long_ago_is_a_date() -> None:
    then = timezone.now() - timedelta(days=400)
    assert ago(then) == f"{then.day} {then:%B %Y}"
