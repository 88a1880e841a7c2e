"""Who may send files, asked before a byte of them is taken: Django asks only afterwards."""

from http.cookies import CookieError, SimpleCookie

from django.conf import settings

from chatapp.accounts.models import Role
from chatapp.accounts.sessions import person_of
from chatapp.library.body_limit import Scope
from chatapp.library.services.receive import MEGABYTE
from chatapp.rows import in_rows

CONVERSATIONS = "/c/"


async def allowance(scope: Scope) -> int:
    """How many bytes of files the request may carry: to a conversation those of anybody who is
    signed in and not suspended, to a collection those of admins."""
    person = await in_rows(person_of, session_key(scope))
    if person is None:
        return 0
    if scope["path"].startswith(CONVERSATIONS):
        return int(settings.CHAT_FILES_MAX_MB * MEGABYTE)
    return int(settings.UPLOAD_MAX_MB * MEGABYTE) if person.role == Role.ADMIN else 0


def session_key(scope: Scope) -> str:
    """The key in the request's cookie; "" without one."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    try:
        found = SimpleCookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""
