"""Making and changing collections."""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction

from chatapp.library.models import Collection


def ensure_collection(name: str, description: str, groups: Iterable[str]) -> Collection:
    """The collection of this name, made where there is none. One that exists keeps its
    description and readers: people may have changed them."""
    with transaction.atomic():
        collection, made = Collection.objects.get_or_create(
            name=name, defaults={"description": description}
        )
        if made:
            readers = [Group.objects.get_or_create(name=group)[0] for group in groups]
            collection.readers.set(readers)
    return collection
