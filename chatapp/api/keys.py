"""Making, checking and revoking API keys.

A key is ``parapet_PREFIX_SECRET``: a prefix of 48 random bits in hexadecimal, and a secret of 256
random bits in base64url (RFC 4648). Only the secret's SHA-256 is kept: a slow hash protects words
that people choose, and there is nothing to guess here. The fixed beginning lets scanners of
repositories find a key that was put into one.

Denied
    raised for a key that opens nothing; ``str(error)`` is a sentence.
"""

import hmac
import logging
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chatapp import access
from chatapp.accounts.models import User
from chatapp.api.models import ApiKey
from chatapp.library.models import Collection
from chatapp.moderation.services import Where

FORM = re.compile(r"parapet_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
MOST_KEYS = 20
"""Keys that one person may have in use."""
SEEN_EVERY = timedelta(minutes=1)
"""How exactly "last used" is kept: not every request writes a row."""
NOBODY = "-" * 64
"""Compared with where no row has the prefix."""
UNKNOWN = "This API key is not known here. Check that it is complete."
REVOKED = "This API key was revoked."
EXPIRED = "This API key has expired. Make a new one on the page of your API keys."
SUSPENDED = "The account of this API key is suspended."
logger = logging.getLogger(__name__)


class Denied(Exception):
    """The key opens nothing."""


class TooManyKeys(Exception):
    """The person has MOST_KEYS keys in use."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new key shall be. ``scopes`` are values of :class:`chatapp.api.models.Scope`."""

    name: str
    scopes: tuple[str, ...]
    days: int
    collections: tuple[Collection, ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and with which key: ``key`` is its row's id, ``prefix`` its visible part,
    ``name`` what its owner calls it."""

    person: User
    key: int
    prefix: str
    name: str
    scopes: frozenset[str]

    def where(self, call: UUID) -> Where:
        """Where the moderation log says that something was; ``call`` stands for a turn's id."""
        return Where(
            person_id=self.person.pk,
            person=self.person.get_username(),
            turn_id=call,
            api_key=self.prefix,
            api_key_name=self.name,
        )


def issue(person: User, wish: Wish) -> str:
    """A new key of ``person``, which is shown now and never again. Raises TooManyKeys."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)  # one at a time, so that none slips by
        if usable(access.own_keys(person)).count() >= MOST_KEYS:
            raise TooManyKeys
        key = ApiKey.objects.create(
            owner=person,
            name=wish.name,
            prefix=prefix,
            digest=digest_of(secret),
            scopes=list(wish.scopes),
            expires=timezone.now() + timedelta(days=wish.days),
        )
        key.collections.set(wish.collections)
    logger.info("%s made the API key %s for %r", person.username, prefix, list(wish.scopes))
    return f"parapet_{prefix}_{secret}"


def revoke(key: ApiKey) -> None:
    """From the next look on, ``key`` opens nothing. Revoking twice keeps the first time."""
    if ApiKey.objects.filter(pk=key.pk, revoked=None).update(revoked=timezone.now()):
        logger.info("%s revoked the API key %s", key.owner.username, key.prefix)


def authenticate(token: str) -> Caller:
    """Who holds ``token``. One query, and a write at most every SEEN_EVERY. Raises Denied."""
    form = FORM.fullmatch(token)
    prefix, secret = form.groups() if form else ("", "")
    key = ApiKey.objects.select_related("owner").filter(prefix=prefix).first()
    # Compared in every case, so that time does not tell which prefixes there are.
    if not hmac.compare_digest(digest_of(secret), key.digest if key else NOBODY) or key is None:
        raise Denied(UNKNOWN)
    why = reason_against(key)
    if why:
        raise Denied(why)
    seen(key)
    return Caller(key.owner, key.pk, key.prefix, key.name, frozenset(key.scopes))


def reason_against(key: ApiKey) -> str:
    """Why ``key`` opens nothing at this moment; "" where it does."""
    if key.revoked:
        return REVOKED
    if key.expires <= timezone.now():
        return EXPIRED
    return "" if key.owner.is_active else SUSPENDED


def still_good(key: int) -> bool:
    """Whether the key with this row id, which was good, still is."""
    found = ApiKey.objects.select_related("owner").filter(pk=key).first()
    return found is not None and not reason_against(found)


def usable(keys: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    """Those of ``keys`` that are neither revoked nor expired."""
    return keys.filter(revoked=None, expires__gt=timezone.now())


def seen(key: ApiKey) -> None:
    now = timezone.now()
    stale = Q(last_used=None) | Q(last_used__lt=now - SEEN_EVERY)
    if key.last_used is None or key.last_used < now - SEEN_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used=now)


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
