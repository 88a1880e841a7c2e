"""Who may send files, asked before a byte of them is taken: Django asks only afterwards."""

from http.cookies import CookieError, SimpleCookie

from django.conf import settings

from chatapp.accounts.models import Role
from chatapp.accounts.sessions import person_of
from chatapp.library.body_limit import Scope
from chatapp.rows import in_rows


async def may_upload(scope: Scope) -> bool:
    """Whether the request comes with the session of an admin who is not suspended."""
    person = await in_rows(person_of, session_key(scope))
    return person is not None and person.role == Role.ADMIN


def session_key(scope: Scope) -> str:
    """The key in the request's cookie; "" without one."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    try:
        found = SimpleCookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""
