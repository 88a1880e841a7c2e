"""Emptying the tables after a test of several threads, quickly.

No transaction can undo such a test. Django then empties every table, in PostgreSQL by making new
files for each, and asks every app for the rows that follow a migration, of which those of
permissions and content types take longest. Nothing reads them here.
"""

from collections.abc import Sequence

from django.contrib.contenttypes.management import create_contenttypes
from django.core.management.color import Style
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models.signals import post_migrate

PERMISSIONS = "django.contrib.auth.management.create_permissions"


def be_quick() -> None:
    """From now on; our own rows still follow each migration."""
    post_migrate.disconnect(dispatch_uid=PERMISSIONS)
    post_migrate.disconnect(create_contenttypes)
    DatabaseOperations.sql_flush = delete_all  # type: ignore[method-assign,assignment]


def delete_all(
    self: DatabaseOperations, _style: Style, tables: Sequence[str], **_: bool
) -> list[str]:
    """Statements that delete all rows, in any order: triggers and foreign keys do not look."""
    deletes = [f"DELETE FROM {self.quote_name(table)};" for table in tables]  # noqa: S608  our own
    return ["SET LOCAL session_replication_role = replica;" + "".join(deletes)]
