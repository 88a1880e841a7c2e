"""What was there before there was an index is found too."""

from importlib import import_module
from types import SimpleNamespace
from uuid import uuid4

from django.apps import apps
from django.db import connection
from django.utils import timezone

from chatapp.accounts.models import User
from chatapp.conversations import index_schema, search
from chatapp.conversations.models import Conversation, Indexed, Turn


def test_the_migration_indexes_what_there_is(employee: User) -> None:
    chat = Conversation.objects.create(owner=employee, title="Travel")
    for status, question in (("done", "Lisbon?"), ("running", "Porto?")):
        Turn.objects.create(
            conversation=chat, client_id=uuid4(), question=question, status=status, answer="Yes."
        )
    Conversation.objects.create(owner=employee, title="gone soon", expires=timezone.now())
    migration = import_module("chatapp.conversations.migrations.0012_index_what_there_is")
    migration.index(apps, SimpleNamespace(connection=connection))
    assert Indexed.objects.count() == 2
    assert len(search.search(employee, "lisbon yes")) == 1
    assert len(search.search(employee, "travel")) == 1
    assert search.search(employee, "porto") == []


def test_what_the_databases_keep_is_put_back_after_every_migration(employee: User) -> None:
    index_schema.install("default", plan=("anything",))
    index_schema.install("default")
    chat = Conversation.objects.create(owner=employee, title="Travel")
    Indexed.objects.create(owner=employee, conversation=chat, words="travel")
    assert len(search.search(employee, "travel")) == 1
