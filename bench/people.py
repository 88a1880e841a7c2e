"""The rows that a benchmark needs, in the product's own database: people who are signed in and
have an API key, and the policy that the guard goes by.

Importing this module sets Django up, so the settings must be in the environment by then.
"""

import copy
from dataclasses import dataclass
from typing import Any

import django

django.setup()

# Models can be imported only now.
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connections, transaction  # noqa: E402

from chatapp.accounts.models import User  # noqa: E402
from chatapp.api.keys import Wish, issue  # noqa: E402
from chatapp.api.models import Scope  # noqa: E402
from chatapp.catalog.models import LanguageModel  # noqa: E402
from chatapp.moderation.models import PolicyVersion  # noqa: E402
from guardrails.defaults import ALLOW  # noqa: E402
from guardrails.policy import DEFAULT_BODY  # noqa: E402

OFF_VERSION = 1000
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Crowd:
    """By person a session cookie and an API key, and the name of the model that they may use."""

    cookies: tuple[str, ...]
    keys: tuple[str, ...]
    model: str


def signed_in(people: int) -> Crowd:
    """That many new employees."""
    names = [f"bench-{number}" for number in range(people)]
    wish = Wish("bench", (Scope.CHAT,), days=1)
    try:
        with transaction.atomic():
            users = User.objects.bulk_create([User(username=name) for name in names])
            keys = tuple(issue(user, wish) for user in users)
            model = LanguageModel.objects.get(from_settings=True)
            return Crowd(tuple(map(session_of, users)), keys, model.name)
    finally:
        connections.close_all()


def session_of(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def set_guard(*, on: bool) -> int:
    """Make a site's first policy the active one, or one whose stages are all off. How many
    characters of an answer the guard then keeps back while more follows."""
    try:
        with transaction.atomic():
            PolicyVersion.objects.get_or_create(version=OFF_VERSION, defaults={"body": off_body()})
            PolicyVersion.objects.filter(active=True).update(active=False)
            PolicyVersion.objects.filter(version=1 if on else OFF_VERSION).update(active=True)
        return int(DEFAULT_BODY["window"]["holdback"]) if on else 0
    finally:
        connections.close_all()


def off_body() -> dict[str, Any]:
    """A policy by which no finding and no failure has a consequence, so that nothing is judged."""
    body = copy.deepcopy(dict(DEFAULT_BODY))
    for stage in body["stages"].values():
        stage["categories"] = dict.fromkeys(stage["categories"], ALLOW)
        stage["on_failure"] = "allow"
    return body
