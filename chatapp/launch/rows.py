"""What the runner does with the database: bring its tables up to date, seed it, look at it.

Importing this module sets Django up, so the settings must be in the environment by then.
"""

from dataclasses import dataclass
from io import StringIO

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError

from chatapp.launch.errors import LaunchError

django.setup()

# Models can be imported only now.
from chatapp.library.models import Document, State  # noqa: E402
from chatapp.samples.management.commands.seed import SEEDED  # noqa: E402


@dataclass(frozen=True, slots=True)
class Indexing:
    """How far the documents are: counts of documents."""

    total: int
    ready: int
    failed: int

    @property
    def ended(self) -> bool:
        return self.ready + self.failed == self.total

    @property
    def outcome(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.ready} of {self.total} indexed{failed}"


def migrate() -> bool:
    """Apply the migrations that are missing; whether there were any.

    Raises LaunchError if the database does not answer.
    """
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        raise LaunchError(f"The database cannot be used: {str(error).strip()}") from error
    finally:
        connections.close_all()
    return bool(missing)


def is_seeded() -> bool:
    """Whether an earlier start has uploaded the sample documents."""
    return (settings.VAR_DIR / SEEDED).exists()


def seed() -> list[str]:
    """Make what a first visit needs, where it is missing; the sign-ins, a line each."""
    out = StringIO()
    try:
        call_command("seed", stdout=out)
    finally:
        connections.close_all()
    return [line for line in out.getvalue().splitlines() if " / " in line]


def indexing() -> Indexing:
    """How far the documents of the library are."""
    try:
        states = list(Document.objects.values_list("state", flat=True))
    finally:
        connections.close_all()
    return Indexing(len(states), states.count(State.READY), states.count(State.FAILED))
