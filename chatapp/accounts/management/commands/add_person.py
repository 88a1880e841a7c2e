"""Add a person who may sign in."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatapp.accounts.models import Role
from chatapp.accounts.prompt import add_password_options, password_for
from chatapp.accounts.services import add_person


class Command(BaseCommand):
    help = "Adds a person who may sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", choices=Role.values, default=Role.EMPLOYEE)
        parser.add_argument("--groups", default="", help="names, with commas between them")
        add_password_options(parser)

    def handle(self, *, name: str, role: str, groups: str, generate: bool, **_: Any) -> None:
        names = [group.strip() for group in groups.split(",") if group.strip()]
        password = password_for(name, generate=generate)
        try:
            person = add_person(name, Role(role), names, password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{person.username} ({person.role}) may sign in.")
        if generate:
            self.stdout.write(f"Password, shown only now: {password}")
