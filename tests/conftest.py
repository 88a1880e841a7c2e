"""Fixtures that most tests share: the people, and the groups that they are in."""

import hypothesis
import pytest
from django.contrib.auth.models import Group
from pytest_django import Settings

from chatapp.accounts.models import Role, User
from tests import emptying

PASSWORD = "a long enough phrase"
# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")


def make_user(name: str, role: str = Role.EMPLOYEE, groups: tuple[str, ...] = ()) -> User:
    user = User.objects.create_user(name, password=PASSWORD, role=role)
    for group in groups:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    emptying.be_quick()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """A million rounds of PBKDF2 a sign-in protect people, and only slow down tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def employee(db: None) -> User:
    """Owns things in most tests; in the group "staff"."""
    return make_user("emma", groups=("staff",))


@pytest.fixture
def team_mate(db: None) -> User:
    """In the same group as ``employee``."""
    return make_user("tom", groups=("staff",))


@pytest.fixture
def stranger(db: None) -> User:
    """In no group."""
    return make_user("sam")


@pytest.fixture
def admin(db: None) -> User:
    return make_user("ada", Role.ADMIN, groups=("staff",))


@pytest.fixture
def compliance(db: None) -> User:
    return make_user("carl", Role.COMPLIANCE)
