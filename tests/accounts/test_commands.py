"""The operator's commands that make people and give passwords."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from chatapp.accounts.models import Role, User
from tests.conftest import PASSWORD


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def typing(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    queue = list(answers)
    monkeypatch.setattr("chatapp.accounts.prompt.getpass", lambda _: queue.pop(0))


def test_it_adds_a_person_with_a_role_and_groups(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    typing(monkeypatch, PASSWORD, PASSWORD)

    said = run("add_person", "nora", "--role", "compliance", "--groups", "staff, board")

    nora = User.objects.get(username="nora")
    assert nora.role == Role.COMPLIANCE
    assert {group.name for group in nora.groups.all()} == {"staff", "board"}
    assert nora.check_password(PASSWORD)
    assert PASSWORD not in said


def test_people_are_employees_unless_said_otherwise(db: None) -> None:
    run("add_person", "nora", "--generate")
    nora = User.objects.get()
    assert nora.role == Role.EMPLOYEE
    assert not nora.is_staff
    assert not nora.is_superuser


def test_a_generated_password_is_printed_once_and_signs_in(db: None) -> None:
    said = run("add_person", "nora", "--generate")
    password = said.split()[-1]
    assert len(password) >= 16
    assert said.count(password) == 1
    answer = Client().post("/sign-in/", {"username": "nora", "password": password})
    assert answer.status_code == 302


def test_generated_passwords_differ(db: None) -> None:
    passwords = {run("add_person", f"p{i}", "--generate").split()[-1] for i in range(3)}
    assert len(passwords) == 3


@pytest.mark.parametrize("name", ["emma", "EMMA", "Emma"])
def test_it_refuses_a_name_that_is_taken_in_any_case(employee: User, name: str) -> None:
    with pytest.raises(CommandError, match="already"):
        run("add_person", name, "--generate")
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["", "with space", "<b>", "x" * 151, "nul\0"])
def test_it_refuses_a_name_that_is_no_good(db: None, name: str) -> None:
    with pytest.raises(CommandError):
        run("add_person", name, "--generate")
    assert not User.objects.exists()


def test_it_refuses_an_unknown_role(db: None) -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        run("add_person", "nora", "--role", "root", "--generate")


@pytest.mark.parametrize("command", ["add_person", "set_password"])
def test_it_refuses_a_weak_password(
    monkeypatch: pytest.MonkeyPatch, employee: User, command: str
) -> None:
    typing(monkeypatch, "12345678", "12345678")
    name = "emma" if command == "set_password" else "nora"
    with pytest.raises(CommandError, match="numeric"):
        run(command, name)
    assert User.objects.get().check_password(PASSWORD)


def test_it_refuses_two_passwords_that_differ(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    typing(monkeypatch, PASSWORD, "something else")
    with pytest.raises(CommandError, match="differ"):
        run("add_person", "nora")
    assert not User.objects.exists()


def test_another_password_ends_sessions(employee: User) -> None:
    client = Client()
    client.force_login(employee)

    said = run("set_password", "emma", "--generate")

    assert client.get("/account/").status_code == 302
    employee.refresh_from_db()
    assert employee.check_password(said.split()[-1])


def test_there_is_no_password_for_nobody(db: None) -> None:
    with pytest.raises(CommandError, match="nobody called nora"):
        run("set_password", "nora", "--generate")


def test_a_suspended_person_is_out_until_restored(employee: User) -> None:
    client = Client()
    client.force_login(employee)

    run("suspend_person", "emma")
    assert client.get("/account/").status_code == 302
    answer = Client().post("/sign-in/", {"username": "emma", "password": PASSWORD})
    assert answer.status_code == 200

    run("suspend_person", "emma", "--restore")
    answer = Client().post("/sign-in/", {"username": "emma", "password": PASSWORD})
    assert answer.status_code == 302


def test_nobody_cannot_be_suspended(db: None) -> None:
    with pytest.raises(CommandError, match="nobody called nora"):
        run("suspend_person", "nora")
