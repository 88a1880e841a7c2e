"""Who may send files, and how much, is asked before they are taken."""

import pytest
from channels.db import database_sync_to_async

from chatapp.accounts.models import Role, User
from chatapp.library.senders import allowance
from tests.conversations.conftest import rows, session_of

__all__ = ["rows"]  # a fixture of the conversations' tests

pytestmark = pytest.mark.usefixtures("rows")


LIBRARY = "/library/5b0c7c4e-4f1e-4c55-9f0f-0d6a3e0f6f55/upload/"
CHAT = "/c/5b0c7c4e-4f1e-4c55-9f0f-0d6a3e0f6f55/files/upload/"
MEGABYTE = 1024 * 1024


def request(cookie: str, path: str = LIBRARY) -> dict[str, object]:
    return {
        "path": path,
        "headers": [(b"host", b"testserver"), (b"cookie", cookie.encode("latin-1"))],
    }


@pytest.fixture(params=["admin", "employee", "compliance"])
def person(request: pytest.FixtureRequest, rows: None) -> User:
    user: User = request.getfixturevalue(request.param)
    return user


async def test_only_an_admins_session_may(person: User) -> None:
    key = await database_sync_to_async(session_of)(person)
    allowed = await allowance(request(f"csrftoken=x; sessionid={key}"))
    assert allowed == (100 * MEGABYTE if person.role == Role.ADMIN else 0)


async def test_everybody_may_send_files_to_a_conversation(person: User) -> None:
    key = await database_sync_to_async(session_of)(person)
    assert await allowance(request(f"sessionid={key}", CHAT)) == 50 * MEGABYTE
    await User.objects.filter(pk=person.pk).aupdate(is_active=False)
    assert await allowance(request(f"sessionid={key}", CHAT)) == 0
    assert await allowance(request("sessionid=guess", CHAT)) == 0


async def test_a_suspended_admin_may_not(admin: User) -> None:
    key = await database_sync_to_async(session_of)(admin)
    await User.objects.filter(pk=admin.pk).aupdate(is_active=False)
    assert not await allowance(request(f"sessionid={key}"))


@pytest.mark.parametrize("cookie", ["", "sessionid=", "sessionid=guess", "=;;\x80=;[]=1", "a=b"])
async def test_nobody_may_without_a_session(cookie: str) -> None:
    assert not await allowance(request(cookie))
