"""Which entries of the log a page of its list shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from chatapp.moderation.models import Entry

PAGE_SIZE = 50
LOOKUPS = {
    "q": "text__icontains",
    "category": "categories__contains",
    "stage": "stage",
    "action": "action",
    "kind": "kind",
    "person": "person__icontains",
    "since": "created__gte",
    "until": "created__lte",
}
"""What each filter of FilterForm asks of an entry."""
HEAVY = ("findings", "verdicts", "text", "released", "context")
"""Columns that the list does not show, and so does not load."""


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; ``newer`` and ``older`` are the ids to go on from, if there is more.

    ``total`` counts all that the filters let through.
    """

    entries: tuple[Entry, ...]
    total: int
    newer: int | None
    older: int | None


def matching(entries: QuerySet[Entry], wanted: Mapping[str, Any]) -> QuerySet[Entry]:
    """Those of ``entries`` that every filter in ``wanted`` lets through."""
    return entries.filter(**{LOOKUPS[name]: wanted[name] for name in LOOKUPS if name in wanted})


def page(entries: QuerySet[Entry], wanted: Mapping[str, Any]) -> Page:
    """The part of the list next to the id ``before`` or ``after`` in ``wanted``.

    Ids and not offsets: entries that arrive meanwhile move nothing.
    """
    found = matching(entries, wanted).defer(*HEAVY)
    rows = _upwards(found, wanted["after"]) if "after" in wanted else []
    if not rows:
        rows = list(
            (found.filter(pk__lt=wanted["before"]) if "before" in wanted else found)[:PAGE_SIZE]
        )
    return Page(
        entries=tuple(rows),
        total=found.count(),
        newer=rows[0].pk if rows and found.filter(pk__gt=rows[0].pk).exists() else None,
        older=rows[-1].pk if rows and found.filter(pk__lt=rows[-1].pk).exists() else None,
    )


def _upwards(found: QuerySet[Entry], after: int) -> list[Entry]:
    """The page above ``after``; nothing where it would not be full, since then it is the first."""
    rows = list(found.filter(pk__gt=after).order_by("pk")[:PAGE_SIZE])
    return rows[::-1] if len(rows) == PAGE_SIZE else []
