"""Who calls an operation, and whether their key may."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from pydantic import BeforeValidator

from chatapp.accounts.models import Role
from chatapp.api.errors import Forbidden, NotFound
from chatapp.api.keys import Caller
from chatapp.api.models import Scope
from chatapp.api.v1.paging import as_uuid

BEARER = HTTPBearer(auto_error=False, description="A key of one's page “API keys”.")
"""For the description alone: the gate has looked at the key."""


async def any_caller(request: Request) -> Caller:
    """The caller, whatever their key may do."""
    found: Caller = request.state.caller
    return found


def holder_of(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency: the caller, whose key has ``scope``; it raises Forbidden where it has not."""

    async def check(request: Request) -> Caller:
        found = await any_caller(request)
        if scope not in found.scopes:
            raise Forbidden(f"This API key may not be used for this: it lacks “{scope}”.")
        return found

    return check


async def librarian(
    caller: Annotated[Caller, Depends(holder_of(Scope.COLLECTIONS_WRITE))],
) -> Caller:
    """A dependency: the caller, who may change collections; it raises Forbidden for others."""
    if caller.person.role != Role.ADMIN:
        raise Forbidden("Only admins change collections.")
    return caller


Reader = Annotated[Caller, Depends(holder_of(Scope.COLLECTIONS_READ))]
Librarian = Annotated[Caller, Depends(librarian)]


def number(text: object) -> object:
    """``text`` as the id that it is. Raises NotFound: what is no id is nobody's."""
    found = as_uuid(text) if isinstance(text, str) else text
    if not isinstance(found, UUID):
        raise NotFound("There is nothing of this id.")
    return found


Number = Annotated[UUID, BeforeValidator(number)]
"""An id in a path or a body."""
