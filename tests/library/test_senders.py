"""Files are taken from admins only, and that is asked before they are taken."""

import pytest
from channels.db import database_sync_to_async

from chatapp.accounts.models import Role, User
from chatapp.library.senders import may_upload
from tests.conversations.conftest import rows, session_of

__all__ = ["rows"]  # a fixture of the conversations' tests

pytestmark = pytest.mark.usefixtures("rows")


def request(cookie: str) -> dict[str, object]:
    return {"headers": [(b"host", b"testserver"), (b"cookie", cookie.encode("latin-1"))]}


@pytest.fixture(params=["admin", "employee", "compliance"])
def person(request: pytest.FixtureRequest, rows: None) -> User:
    user: User = request.getfixturevalue(request.param)
    return user


async def test_only_an_admins_session_may(person: User) -> None:
    key = await database_sync_to_async(session_of)(person)
    assert await may_upload(request(f"csrftoken=x; sessionid={key}")) is (person.role == Role.ADMIN)


async def test_a_suspended_admin_may_not(admin: User) -> None:
    key = await database_sync_to_async(session_of)(admin)
    await User.objects.filter(pk=admin.pk).aupdate(is_active=False)
    assert not await may_upload(request(f"sessionid={key}"))


@pytest.mark.parametrize("cookie", ["", "sessionid=", "sessionid=guess", "=;;\x80=;[]=1", "a=b"])
async def test_nobody_may_without_a_session(cookie: str) -> None:
    assert not await may_upload(request(cookie))
