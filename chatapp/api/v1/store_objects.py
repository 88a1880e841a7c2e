"""How collections look to clients, and what clients say of them."""

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Sum
from pydantic import BaseModel, Field

from chatapp import access
from chatapp.accounts.models import User
from chatapp.api.v1.calling import Number
from chatapp.api.v1.kinds import NoPairs, Strict
from chatapp.library import progress
from chatapp.library.models import Collection, Document, State
from chatapp.library.progress import Counts

NAME_CHARS = 120
DESCRIPTION_CHARS = 500
MOST_READERS = 100
MOST_FILES = 100

Name = Annotated[str, Field(max_length=NAME_CHARS, pattern=r"^[^\x00]*\S[^\x00]*$")]
Description = Annotated[str, Field(max_length=DESCRIPTION_CHARS, pattern=r"^[^\x00]*$")]
GroupNames = Annotated[list[str], Field(max_length=MOST_READERS)]
FileIds = Annotated[list[Number], Field(max_length=MOST_FILES)]


class AutoChunking(Strict):
    """The only strategy: the library cuts by headings and paragraphs."""

    type: Literal["auto"]


class StoreChange(Strict):
    """``readers`` are names of the groups that may read it, which OpenAI's API does not have."""

    name: Name | None = None
    description: Description | None = None
    readers: GroupNames | None = None
    metadata: NoPairs | None = None
    expires_after: None = None


class NewStore(StoreChange):
    """Nobody reads a collection of which ``readers`` names no group."""

    file_ids: FileIds = []
    chunking_strategy: AutoChunking | None = None


class FileCounts(BaseModel):
    in_progress: int
    completed: int
    failed: int
    cancelled: int = 0
    total: int


class VectorStore(BaseModel):
    """``readers`` is null for those who may not change it."""

    id: str
    object: Literal["vector_store"] = "vector_store"
    created_at: int
    last_active_at: int | None = None
    name: str
    description: str
    readers: list[str] | None
    status: Literal["in_progress", "completed"]
    file_counts: FileCounts
    usage_bytes: int
    metadata: dict[str, str] = {}
    expires_after: None = None
    expires_at: None = None


class VectorStoreDeleted(BaseModel):
    id: str
    object: Literal["vector_store.deleted"] = "vector_store.deleted"
    deleted: Literal[True] = True


def described(person: User, collections: Iterable[Collection]) -> list[VectorStore]:
    """Each of ``collections`` as ``person`` may see it, in a few queries for all."""
    rows = list(collections)
    counts = progress.counts(each.pk for each in rows)
    sizes = sizes_of(rows)
    readers = readers_of(person, rows)
    return [
        VectorStore(
            id=str(each.pk),
            created_at=int(each.created.timestamp()),
            name=each.name,
            description=each.description,
            readers=readers.get(each.pk),
            status="in_progress" if counts[each.pk].working else "completed",
            file_counts=counted(counts[each.pk]),
            usage_bytes=sizes.get(each.pk, 0),
        )
        for each in rows
    ]


def one(person: User, collection: Collection) -> VectorStore:
    return described(person, [collection])[0]


def sizes_of(collections: Iterable[Collection]) -> dict[UUID, int]:
    """The bytes of the documents of each."""
    kept = Document.objects.filter(collection__in=collections).exclude(state=State.DELETING)
    return dict(kept.order_by().values_list("collection").annotate(Sum("size")))


def readers_of(person: User, collections: Iterable[Collection]) -> dict[UUID, list[str]]:
    """The names of the groups that read each of those that ``person`` may change."""
    managed = access.managed_collections(person).filter(pk__in=[each.pk for each in collections])
    rows = managed.order_by("readers__name").values_list("pk", "readers__name")
    found: dict[UUID, list[str]] = {}
    for name, group in rows:
        found.setdefault(name, []).extend([group] if group else [])
    return found


def counted(counts: Counts) -> FileCounts:
    return FileCounts(
        in_progress=counts.working,
        completed=counts.ready,
        failed=counts.failed,
        total=counts.total,
    )
