"""Making people and giving them passwords."""

import secrets
from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from chatapp.accounts.models import Role, User


@transaction.atomic
def add_person(name: str, role: Role, groups: Iterable[str], password: str) -> User:
    """A new person; groups that do not exist yet are made.

    Raises ValidationError for a name that is taken in any case (two that differ by a capital
    would be mistaken for one another in the log) and for a name or a password that is no good.
    """
    person = User(username=name, role=role)
    person.full_clean(exclude=["password"])
    if User.objects.filter(username__iexact=name).exists():
        raise ValidationError(f"There is already a person called {name}.")
    _give_password(person, password)
    person.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    return person


def set_password(name: str, password: str) -> User:
    """Give an existing person another password, which ends their sessions.

    Raises User.DoesNotExist, and ValidationError for a password that is no good.
    """
    person = User.objects.get(username=name)
    _give_password(person, password)
    return person


def generated_password() -> str:
    """A password of 96 random bits."""
    return secrets.token_urlsafe(12)


def _give_password(person: User, password: str) -> None:
    validate_password(password, person)
    person.set_password(password)
    person.save()
