"""No path through the models changes or removes what the log holds."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError

from chatapp.accounts.models import User
from chatapp.moderation.append_only import AppendOnlyError
from chatapp.moderation.models import Entry, Reading
from tests.moderation.conftest import MakeEntry, entry_values

CHANGES: dict[str, Callable[[Any], Any]] = {
    "save": lambda row: row.save(),
    "save of one field": lambda row: row.save(update_fields=["created"]),
    "delete": lambda row: row.delete(),
    "update": lambda row: type(row).objects.filter(pk=row.pk).update(created=row.created),
    "delete of many": lambda row: type(row).objects.filter(pk=row.pk).delete(),
    "delete of all": lambda row: type(row).objects.all().delete(),
    "bulk update": lambda row: type(row).objects.bulk_update([row], ["created"]),
    "update or create": lambda row: type(row).objects.update_or_create(
        pk=row.pk, defaults={"created": row.created}
    ),
    "upsert": lambda row: type(row).objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["id"], update_fields=["created"]
    ),
    "base manager": lambda row: type(row)._base_manager.all().delete(),
}


def rows(model: type[Model]) -> list[dict[str, Any]]:
    return list(model._default_manager.values())


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_entry_cannot_be_changed_or_removed(
    make_entry: MakeEntry, change: Callable[[Any], Any]
) -> None:
    entry = make_entry()
    before = rows(Entry)
    with pytest.raises(AppendOnlyError):
        change(entry)
    assert rows(Entry) == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_reading_cannot_be_changed_or_removed(
    make_entry: MakeEntry, compliance: User, change: Callable[[Any], Any]
) -> None:
    reading = Reading.objects.create(entry=make_entry(), reader=compliance)
    before = rows(Reading)
    with pytest.raises(AppendOnlyError):
        change(reading)
    assert rows(Reading) == before


def test_readings_cannot_be_removed_through_their_entry(
    make_entry: MakeEntry, compliance: User
) -> None:
    entry = make_entry()
    entry.readings.create(reader=compliance)
    with pytest.raises(AppendOnlyError):
        entry.readings.all().delete()
    assert entry.readings.count() == 1


def test_a_new_entry_with_the_number_of_another_does_not_replace_it(
    make_entry: MakeEntry,
) -> None:
    number = make_entry(text="the first").pk
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry(pk=number, **entry_values(text="the second")).save()
    assert Entry.objects.get(pk=number).text == "the first"


def test_a_reader_cannot_be_deleted(make_entry: MakeEntry, compliance: User) -> None:
    Reading.objects.create(entry=make_entry(), reader=compliance)
    with pytest.raises(ProtectedError):
        compliance.delete()


def test_deleting_the_person_leaves_what_was_moderated(
    make_entry: MakeEntry, employee: User
) -> None:
    entry = make_entry(person_id=employee.pk, person=employee.username)
    employee.delete()
    assert Entry.objects.get(pk=entry.pk).person == "emma"


def test_models_and_migrations_agree(db: None) -> None:
    call_command("makemigrations", "moderation", "accounts", check=True, dry_run=True, verbosity=0)
