"""One person per role, with passwords that are made on this machine and nowhere else."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import transaction

from chatapp.accounts.models import Role, User

EVERYONE = "Everyone"
PEOPLE_OPERATIONS = "People operations"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    role: Role
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody needs to sign in as this role."""

    role: str
    name: str
    password: str


ADMIN = Person("ada", Role.ADMIN, (EVERYONE, PEOPLE_OPERATIONS))
PEOPLE = (
    Person("emma", Role.EMPLOYEE, (EVERYONE,)),
    ADMIN,
    Person("carl", Role.COMPLIANCE, (EVERYONE,)),
)


def ensure_people(kept: Path) -> tuple[SignIn, ...]:
    """Make one person per role where there is nobody at all, and give the sign-ins that are kept.

    ``kept`` is the file, readable by its owner only, that the passwords are in. Where a site has
    people already nobody is made, so that whom it removed stays removed.
    """
    if not User.objects.exists():
        write(kept, tuple(SignIn(p.role.label, p.name, secrets.token_urlsafe(12)) for p in PEOPLE))
        with transaction.atomic():
            for person, sign_in in zip(PEOPLE, read(kept), strict=True):
                create(person, sign_in.password)
    return tuple(sign_in for sign_in in read(kept) if still_opens(sign_in))


def create(person: Person, password: str) -> None:
    user = User.objects.create_user(person.name, password=password, role=person.role)
    user.groups.set(Group.objects.get_or_create(name=name)[0] for name in person.groups)


def still_opens(sign_in: SignIn) -> bool:
    """Whether the kept password is still that person's: they may have changed it since."""
    user = User.objects.filter(username=sign_in.name, is_active=True).first()
    return user is not None and user.check_password(sign_in.password)


def read(kept: Path) -> tuple[SignIn, ...]:
    """The sign-ins in ``kept``; none where there is no such file."""
    if not kept.is_file():
        return ()
    return tuple(SignIn(**row) for row in json.loads(kept.read_text(encoding="utf-8")))


def write(kept: Path, sign_ins: tuple[SignIn, ...]) -> None:
    """Replace ``kept`` in one step, so that a crash leaves the old file or the new one."""
    fresh = kept.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump([asdict(sign_in) for sign_in in sign_ins], file, indent=2)
    fresh.replace(kept)
