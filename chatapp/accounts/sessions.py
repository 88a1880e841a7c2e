"""Who a session belongs to, asked outside of a request."""

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from chatapp.accounts.models import User


def person_of(key: str | None) -> User | None:
    """The person who is signed in by the session ``key``, as rows say at this moment; None where
    it has ended or the account is suspended. Two queries."""
    if not key:
        return None
    request = HttpRequest()
    request.session = SessionStore(key)
    person = get_user(request)
    return person if isinstance(person, User) and person.is_active else None
