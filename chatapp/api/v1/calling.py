"""Who calls an operation, and whether their key may."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.security import HTTPBearer

from chatapp.api.errors import Forbidden
from chatapp.api.keys import Caller
from chatapp.api.models import Scope

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
