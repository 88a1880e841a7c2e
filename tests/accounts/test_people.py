"""People and their groups: for admins, who may change groups and never a role."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from chatapp import access
from chatapp.accounts.models import Role, User
from chatapp.library.models import Collection
from tests.conftest import make_user

HOSTILE = '"><script>alert(1)</script>'
Visit = Callable[[Client], Any]


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def desk(admin: User) -> Client:
    """The browser of the admin."""
    return as_person(admin)


@pytest.fixture
def board(db: None) -> Group:
    return Group.objects.create(name="board")


def visits(employee: User, board: Group) -> dict[str, Visit]:
    return {
        "list": lambda client: client.get("/people/"),
        "person": lambda client: client.get(f"/people/{employee.pk}/"),
        "change": lambda client: client.post(f"/people/{employee.pk}/", {"groups": board.pk}),
        "add": lambda client: client.post("/people/groups/", {"name": "new"}),
        "rename": lambda client: client.post(f"/people/groups/{board.pk}/", {"name": "new"}),
    }


VISITS = ["list", "person", "change", "add", "rename"]


@pytest.fixture
def visit(request: pytest.FixtureRequest, employee: User, board: Group) -> Visit:
    return visits(employee, board)[request.param]


every_visit = pytest.mark.parametrize("visit", VISITS, indirect=True)


def assert_nothing_changed() -> None:
    assert {group.name for group in Group.objects.all()} <= {"board", "staff"}
    emma = User.objects.get(username="emma")
    assert [group.name for group in emma.groups.all()] == ["staff"]


@every_visit
def test_nobody_gets_in_without_signing_in(visit: Visit) -> None:
    answer = visit(Client())
    assert answer["Location"].startswith("/sign-in/?next=/people/")
    assert_nothing_changed()


@every_visit
@pytest.mark.parametrize("role", ["employee", "compliance", "stranger"])
def test_other_roles_are_refused(visit: Visit, role: str, request: pytest.FixtureRequest) -> None:
    assert visit(as_person(request.getfixturevalue(role))).status_code == 403
    assert_nothing_changed()


@every_visit
def test_a_suspended_admin_is_signed_out(visit: Visit, admin: User) -> None:
    client = as_person(admin)
    User.objects.filter(pk=admin.pk).update(is_active=False)
    assert visit(client).status_code == 302
    assert_nothing_changed()


@pytest.mark.parametrize("visit", ["change", "add", "rename"], indirect=True)
def test_a_change_needs_a_token(visit: Visit, admin: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    assert visit(client).status_code == 403
    assert_nothing_changed()


def test_it_lists_people_with_role_groups_and_state(desk: Client, employee: User) -> None:
    User.objects.filter(pk=employee.pk).update(is_active=False)
    page = desk.get("/people/").content.decode()
    row = page.partition(f'href="/people/{employee.pk}/"')[2].partition("</tr>")[0]
    for shown in ("emma", "Employee", "staff", "Suspended", "Never"):
        assert shown in row


def test_it_finds_by_a_part_of_the_name(desk: Client, employee: User, stranger: User) -> None:
    page = desk.get("/people/", {"q": "MM"}).content.decode()
    assert f'href="/people/{employee.pk}/"' in page
    assert f'href="/people/{stranger.pk}/"' not in page
    assert b"Nobody has such a name" in desk.get("/people/", {"q": "%"}).content
    assert desk.get("/people/", {"q": "a\0d", "page": "x"}).status_code == 200


def test_a_change_of_groups_changes_what_one_reads_and_is_logged(
    desk: Client, employee: User, board: Group, caplog: pytest.LogCaptureFixture
) -> None:
    papers = Collection.objects.create(name="Board papers")
    papers.readers.add(board)

    with caplog.at_level("INFO"):
        answer = desk.post(f"/people/{employee.pk}/", {"groups": [board.pk]})

    assert answer["Location"] == "/people/"
    assert "ada set the groups of emma: 'board'" in caplog.text
    assert [group.name for group in employee.groups.all()] == ["board"]
    assert list(access.readable_collections(employee)) == [papers]
    desk.post(f"/people/{employee.pk}/", {})
    assert not employee.groups.exists()


def test_the_boxes_show_the_groups_of_now(desk: Client, employee: User, board: Group) -> None:
    page = desk.get(f"/people/{employee.pk}/").content.decode()
    assert page.count('type="checkbox"') == 2
    assert page.count(" checked") == 1


@pytest.mark.parametrize("own", [True, False])
def test_no_role_changes_whatever_is_sent(
    desk: Client, admin: User, employee: User, board: Group, own: bool
) -> None:
    target = admin if own else employee
    before = User.objects.filter(pk=target.pk).values().get()
    sent = {
        "groups": [board.pk],
        "role": Role.COMPLIANCE,
        "is_superuser": "on",
        "is_staff": "on",
        "is_active": "",
        "username": "other",
        "password": "x",
        "user_permissions": [1],
    }
    desk.post(f"/people/{target.pk}/", sent)
    assert User.objects.filter(pk=target.pk).values().get() == before
    assert not target.user_permissions.exists()
    assert target.groups.filter(pk=board.pk).exists()
    assert desk.get("/log/").status_code == 403


@pytest.mark.parametrize("group", ["999999", "x", str(2**70), "-1"])
def test_it_refuses_a_group_that_is_not_there(desk: Client, employee: User, group: str) -> None:
    answer = desk.post(f"/people/{employee.pk}/", {"groups": [group]})
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    assert [group.name for group in employee.groups.all()] == ["staff"]


@pytest.mark.parametrize("number", ["999999", str(2**70)])
def test_who_is_not_there_is_not_found(desk: Client, number: str) -> None:
    assert desk.get(f"/people/{number}/").status_code == 404
    assert desk.post(f"/people/groups/{number}/", {"name": "x"}).status_code == 404


def test_a_group_is_added_and_renamed(desk: Client, db: None) -> None:
    desk.post("/people/groups/", {"name": " Finance "})
    finance = Group.objects.get(name="Finance")
    desk.post(f"/people/groups/{finance.pk}/", {"name": "finance"})
    finance.refresh_from_db()
    assert finance.name == "finance"
    assert b"The group finance was renamed." in desk.get("/people/").content


@pytest.mark.parametrize("name", ["", "   ", "BOARD", "x" * 151, "nul\0"])
def test_it_refuses_a_name_for_a_group_and_says_so(desk: Client, board: Group, name: str) -> None:
    names = sorted(Group.objects.values_list("name", flat=True))
    desk.post("/people/groups/", {"name": name})
    other = Group.objects.get(name="staff")
    desk.post(f"/people/groups/{other.pk}/", {"name": name})
    assert sorted(Group.objects.values_list("name", flat=True)) == names
    page = desk.get("/people/").content
    assert b"The group was not added." in page
    assert b"The group was not renamed." in page


def test_names_are_only_text(desk: Client, employee: User, board: Group) -> None:
    User.objects.filter(pk=employee.pk).update(username=HOSTILE)
    Group.objects.filter(pk=board.pk).update(name=HOSTILE)
    for address in ("/people/", f"/people/{employee.pk}/", f"/people/?q={HOSTILE}"):
        assert b"<script>alert" not in desk.get(address).content
    desk.post(f"/people/{employee.pk}/", {"groups": [board.pk]})
    assert b"<script>alert" not in desk.get("/people/").content


def test_many_people_take_no_more_queries(
    desk: Client, db: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        make_user(f"p{number:02}", groups=("staff", "board"))
    with django_assert_max_num_queries(8):
        page = desk.get("/people/").content.decode()
    assert page.count('scope="row"') == 50
    assert "Page 1 of 2" in page
    assert 'href="?q=&amp;page=2"' in page
