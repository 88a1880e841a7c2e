"""Give a person another password; their sessions end."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatapp.accounts.models import User
from chatapp.accounts.prompt import add_password_options, password_for
from chatapp.accounts.services import set_password


class Command(BaseCommand):
    help = "Gives a person another password; their sessions end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        add_password_options(parser)

    def handle(self, *, name: str, generate: bool, **_: Any) -> None:
        password = password_for(name, generate=generate)
        try:
            set_password(name, password)
        except User.DoesNotExist as error:
            raise CommandError(f"There is nobody called {name}.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{name} has a new password, and was signed out everywhere.")
        if generate:
            self.stdout.write(f"Password, shown only now: {password}")
