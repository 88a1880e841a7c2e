"""The API as an ASGI application of its own, beside Django's.

FastAPI reads requests by the same models that describe them at ``/v1/openapi.json``, so that the
description cannot differ from what is answered. None of Django's middleware runs here: no session,
no cookie, no CSRF token, and no hop between threads before the first byte.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match

from chatapp.api.errors import INVALID_REQUEST, TOO_LONG, ApiError, ErrorBody, Invalid, error_body
from chatapp.api.gate import BROKEN, OPEN_PATHS, Gate
from chatapp.api.limits import limits
from chatapp.api.v1 import (
    chat,
    file_batches,
    files,
    moderations,
    served,
    store_files,
    store_search,
    vector_stores,
)
from chatapp.api.v1.calling import BEARER
from chatapp.library.body_limit import Application

DESCRIPTION = (
    "Chat over a company's documents with a guard on every message, and the guard and the"
    " collections by themselves, in the shapes of OpenAI's API."
)
CODES = {
    "missing": "missing_required_parameter",
    "extra_forbidden": "unknown_parameter",
    "string_too_long": TOO_LONG,
}
FEATURES = (
    served,
    chat,
    moderations,
    files,
    vector_stores,
    store_files,
    file_batches,
    store_search,
)
ROLES = ("system", "developer", "user", "assistant")
NO_METHOD = 405
WHERE = ("body", "query", "path", "header")


def make_application(upload_max_bytes: int) -> Application:
    """All of ``/v1``, with what stands before it."""
    return Gate(make_app(), limits, upload_max_bytes)


def make_app() -> FastAPI:
    refusals: dict[int | str, dict[str, Any]] = {
        "4XX": {"model": ErrorBody, "description": "The request is refused"},
        "5XX": {"model": ErrorBody, "description": "Something is away or broken"},
    }
    app = FastAPI(
        title="Parapet",
        version="1",
        description=DESCRIPTION,
        openapi_url=OPEN_PATHS[0],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        dependencies=[Depends(BEARER)],
        responses=refusals,
    )
    for feature in FEATURES:
        app.include_router(feature.router)
    app.exception_handler(ApiError)(refused)
    app.exception_handler(RequestValidationError)(unreadable)
    app.exception_handler(HTTPException)(unrouted)
    app.exception_handler(Exception)(broken)
    return app


async def refused(_: Request, error: ApiError) -> JSONResponse:
    return JSONResponse(error.body(), error.status, dict(error.headers))


async def unreadable(request: Request, error: RequestValidationError) -> JSONResponse:
    """One fault alone, since most others follow from it: the deepest, as of the members of a
    union it is in the one that was meant."""
    fault = max(error.errors(), key=lambda each: len(each["loc"]))
    param, code = named(fault["loc"]), CODES.get(fault["type"])
    message = f"{param or 'The request'}: {fault['msg']}."
    if code == "unknown_parameter":
        param = param or str(fault["loc"][-1])  # a form's field may have any name
        message = f"“{param}” is not supported here."
    return await refused(request, Invalid(message, param=param or None, code=code))


def named(place: Sequence[str | int]) -> str:
    """Where in a request, as OpenAI writes it: ``messages[0].content``. The names that the
    framework gives to the members of a union are left out."""
    parts = place[1:] if place and place[0] in WHERE else place
    written = ""
    for before, part in pairwise(("", *parts)):
        if isinstance(part, int):
            written += f"[{part}]"
        elif part.isidentifier() and not (isinstance(before, int) and part in ROLES):
            written += f".{part}"
    return written.removeprefix(".")


async def unrouted(request: Request, error: HTTPException) -> JSONResponse:
    """What the framework refuses by itself: no such path, no such method, a broken body."""
    body = error_body(f"{error.detail}.", INVALID_REQUEST, None, None)
    headers = dict(error.headers or {})
    if error.status_code == NO_METHOD:
        headers["Allow"] = ", ".join(sorted(methods(request)))
    return JSONResponse(body, error.status_code, headers)


def methods(request: Request) -> set[str]:
    """Those that the path of ``request`` has; the framework names those of its first route."""
    routes = [route for feature in FEATURES for route in feature.router.routes]
    here = [each for each in routes if each.matches(request.scope)[0] is not Match.NONE]
    return {method for each in here if isinstance(each, APIRoute) for method in each.methods or ()}


async def broken(_: Request, __: Exception) -> JSONResponse:
    """The gate writes the log."""
    return JSONResponse(ApiError(BROKEN).body(), ApiError.status)
