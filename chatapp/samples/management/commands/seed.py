"""``manage.py seed``: one person per role, and the sample handbook."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from chatapp.accounts.models import User
from chatapp.samples.library import seed_library
from chatapp.samples.people import ADMIN, ensure_people, read

SEEDED = "samples-seeded"


class Command(BaseCommand):
    help = "Make one person per role and upload the sample handbook, once; show the sign-ins."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  Django's signature
        mark = settings.VAR_DIR / SEEDED
        kept = settings.VAR_DIR / "sign-ins.json"
        sign_ins = ensure_people(kept)
        # The mark, not the rows, says that it is done: what an admin deletes stays deleted.
        if not mark.exists() and read(kept):
            documents = seed_library(User.objects.get(username=ADMIN.name))
            mark.touch()
            self.stdout.write(f"{len(documents)} sample documents are being indexed.")
        for sign_in in sign_ins:
            self.stdout.write(f"{sign_in.role}: {sign_in.name} / {sign_in.password}")
