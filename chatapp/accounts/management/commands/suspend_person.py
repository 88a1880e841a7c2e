"""Suspend a person: they are signed out at once and cannot sign in; or let them in again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatapp.accounts.models import User


class Command(BaseCommand):
    help = "Signs a person out everywhere and lets them in no more; --restore lets them in again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--restore", action="store_true", help="let the person in again")

    def handle(self, *, name: str, restore: bool, **_: Any) -> None:
        if not User.objects.filter(username=name).update(is_active=restore):
            raise CommandError(f"There is nobody called {name}.")
        self.stdout.write(f"{name} may sign in again." if restore else f"{name} is suspended.")
