"""What the API refuses, in the shape of OpenAI's errors.

ApiError
├── Invalid          400  the request makes no sense, or asks for what is not supported
├── Unauthenticated  401  no key, or one that opens nothing
├── Forbidden        403  the key, or its owner, may not do that
├── NotFound         404  there is no such thing, or not for this person
├── Conflict         409  not as things stand now
├── TooLarge         413  the body is longer than the site takes
├── TooMany          429  more requests than the key has
└── Unavailable      503  something behind the API is away

Source: https://platform.openai.com/docs/guides/error-codes, and what the ``openai`` client reads.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

INVALID_REQUEST = "invalid_request_error"
TOO_LONG = "string_above_max_length"


class ErrorDetail(BaseModel):
    """``param`` names the field at fault, ``code`` the reason for programs."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    error: ErrorDetail


class ApiError(Exception):
    """``str(error)`` is a sentence for the person behind the client."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: str | None = None
    headers: Mapping[str, str] = {}

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code or self.code

    def body(self) -> dict[str, Any]:
        """The JSON object that the client gets."""
        return error_body(str(self), self.type, self.param, self.code)


class Invalid(ApiError):
    status = 400
    type = INVALID_REQUEST
    code = "invalid_value"


class Unauthenticated(ApiError):
    status = 401
    type = INVALID_REQUEST
    code = "invalid_api_key"
    headers = {"WWW-Authenticate": 'Bearer realm="Parapet"'}


class Forbidden(ApiError):
    status = 403
    type = "permission_error"
    code = "insufficient_permissions"


class NotFound(ApiError):
    status = 404
    type = INVALID_REQUEST
    code = "not_found"


class Conflict(ApiError):
    status = 409
    type = INVALID_REQUEST
    code = "conflict"


class TooLarge(ApiError):
    status = 413
    type = INVALID_REQUEST
    code = "request_too_large"


class TooMany(ApiError):
    """``wait`` in seconds, until the next request is taken."""

    status = 429
    type = "requests"
    code = "rate_limit_exceeded"

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.headers = {"Retry-After": str(max(1, round(wait + 0.5)))}


class Unavailable(ApiError):
    status = 503
    type = "server_error"
    code = "unavailable"


def error_body(message: str, kind: str, param: str | None, code: str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
