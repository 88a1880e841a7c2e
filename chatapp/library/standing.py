"""How a document stands, in the words and marks that pages show."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import formats, timezone

from chatapp.library.models import Document, State
from chatapp.library.progress import Counts

STAGES = (State.RECEIVED, State.READING, State.CHECKING, State.EMBEDDING, State.READY)
WHILE = {
    State.RECEIVED: "while waiting",
    State.READING: "while being read",
    State.CHECKING: "while being checked",
    State.EMBEDDING: "while being embedded",
}
UNITS = (("minute", 60, 60), ("hour", 3600, 24), ("day", 86_400, 30))


@dataclass(frozen=True, slots=True)
class Standing:
    """``segments`` are the five marks of the stage bar: "done", "now", "failed" or "".
    ``detail`` is a sentence where there is more to say, and ``due`` when the next attempt is."""

    segments: tuple[str, ...]
    words: str
    detail: str
    due: datetime | None


def standing_of(document: Document) -> Standing:
    """How ``document`` stands."""
    waiting = document.state == State.RECEIVED and bool(document.reason)
    return Standing(
        segments=segments(document),
        words=words(document),
        detail=document.reason or held_back_words(document),
        due=document.lease_until if waiting else None,
    )


def segments(document: Document) -> tuple[str, ...]:
    failed = document.state == State.FAILED
    state = document.failed_in if failed else document.state
    if state not in STAGES:
        return ("",) * len(STAGES)
    at = STAGES.index(State(state))
    here = "failed" if failed else "done" if state == State.READY else "now"
    return ("done",) * at + (here,) + ("",) * (len(STAGES) - at - 1)


def words(document: Document) -> str:
    """“Checking 40 of 120 passages”, “Waiting to be read”, “Ready”."""
    state = State(document.state)
    if state in (State.CHECKING, State.EMBEDDING) and document.passages:
        done = f"{document.passages_done} of {document.passages}"
        return f"{state.label} {done} {plural(document.passages, 'passage')}"
    if state == State.RECEIVED:
        return "Will be tried again" if document.reason else "Waiting to be read"
    if state == State.FAILED and document.failed_in:
        return f"Failed {WHILE[State(document.failed_in)]}"
    return str(state.label)


def held_back_words(document: Document) -> str:
    number = document.held_back
    if not number or document.state != State.READY:
        return ""
    held = f"The guard holds back {number} {plural(number, 'passage')}"
    them = "it" if number == 1 else "them"
    return f"{held} with instructions to a model or unsafe words. No answer uses {them}."


def count_words(now: Counts) -> str:
    """“7 of 12 ready, 1 failed”."""
    failed = f", {now.failed} failed" if now.failed else ""
    return f"{now.ready} of {now.total} ready{failed}"


def ago(then: datetime) -> str:
    """“Just now”, “5 minutes ago”, “3 hours ago”, “2 days ago”, and from a month on the date."""
    seconds = (timezone.now() - then).total_seconds()
    for unit, size, most in UNITS:
        if seconds < size * most:
            number = max(0, int(seconds // size))
            return f"{number} {plural(number, unit)} ago" if number else "Just now"
    return formats.date_format(timezone.localtime(then), "j F Y")


def plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
