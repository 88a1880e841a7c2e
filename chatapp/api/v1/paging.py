"""Lists in pages, as OpenAI's API has them: by the id of the last object that a client has."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from fastapi import Depends, Query
from pydantic import BaseModel

from chatapp.api.errors import NotFound

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item", bound=BaseModel)
MOST = 100
USUAL = 20


class ListObject(BaseModel, Generic[Item]):
    """A page; ``has_more`` says whether another follows in the direction that was asked for."""

    object: Literal["list"] = "list"
    data: list[Item]
    first_id: str | None
    last_id: str | None
    has_more: bool


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for: ``limit`` objects next to the one of ``cursor``, in the order of
    their making (``newest_first`` or not); ``backwards`` are those before it."""

    limit: int
    newest_first: bool = True
    cursor: str | None = None
    backwards: bool = False


def paging(
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
    before: str | None = None,
) -> Paging:
    """A dependency: the page that the query asks for. ``before`` counts where ``after`` is not
    given."""
    return Paging(limit, order == "desc", after or before, backwards=not after and bool(before))


Paged = Annotated[Paging, Depends(paging)]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    rows: list[Row]
    has_more: bool

    def shown(self, item: Callable[[Row], Item]) -> ListObject[Item]:
        """As the API gives it, each row by ``item``."""
        return list_of(map(item, self.rows), self.has_more)


def list_of(items: Iterable[Item], has_more: bool = False) -> ListObject[Item]:
    data = list(items)
    names: list[Any] = [getattr(each, "id", None) for each in data]
    first, last = (names[0], names[-1]) if names else (None, None)
    return ListObject(data=data, first_id=first, last_id=last, has_more=has_more)


def page_of(rows: QuerySet[Row], asked: Paging) -> Page[Row]:
    """The part of ``rows``, which have ``created`` and a UUID for a key. Raises NotFound where
    the cursor is none of them."""
    falling = asked.newest_first != asked.backwards
    if asked.cursor:
        rows = rows.filter(beyond(rows, asked.cursor, falling))
    ordered = rows.order_by(*(("-created", "-pk") if falling else ("created", "pk")))
    found = list(ordered[: asked.limit + 1])
    shown = found[: asked.limit]
    return Page(shown[::-1] if asked.backwards else shown, len(found) > asked.limit)


def beyond(rows: QuerySet[Row], cursor: str, falling: bool) -> Q:
    """Rows that come after that of ``cursor``."""
    number = as_uuid(cursor)
    at = rows.filter(pk=number).values_list("created", flat=True).first() if number else None
    if at is None:
        raise NotFound("There is nothing of this id in the list.", param="after")
    than = "lt" if falling else "gt"
    return Q(**{f"created__{than}": at}) | Q(**{"created": at, f"pk__{than}": number})


def as_uuid(text: str) -> UUID | None:
    """The id that ``text`` is in its usual form; None where it is none."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if text.lower() in (str(found), found.hex) else None
