"""Where the commands get a password from."""

from getpass import getpass

from django.core.management.base import CommandError, CommandParser

from chatapp.accounts.services import generated_password


def add_password_options(parser: CommandParser) -> None:
    parser.add_argument(
        "--generate", action="store_true", help="make a password and print it, once"
    )


def ask_password(name: str) -> str:
    """What the operator types, twice; raises CommandError when the two differ."""
    password = getpass(f"Password for {name}: ")
    if getpass("Again: ") != password:
        raise CommandError("The two passwords differ. Nothing was changed.")
    return password


def password_for(name: str, *, generate: bool) -> str:
    return generated_password() if generate else ask_password(name)
