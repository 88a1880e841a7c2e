"""Who may send files, asked before a byte of them is taken: Django asks only afterwards."""

from http.cookies import CookieError, SimpleCookie

from channels.auth import get_user
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

from chatapp.accounts.models import Role, User
from chatapp.library.body_limit import Scope


async def may_upload(scope: Scope) -> bool:
    """Whether the request comes with the session of an admin who is not suspended."""
    key = session_key(scope)
    user = await get_user({"session": SessionStore(key)}) if key else None
    return isinstance(user, User) and user.is_active and user.role == Role.ADMIN


def session_key(scope: Scope) -> str:
    """The key in the request's cookie; "" without one."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    try:
        found = SimpleCookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""
