"""Making and changing collections as a client asks: by the form of the library's page."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from chatapp import access
from chatapp.accounts.models import User
from chatapp.api import shelves
from chatapp.api.errors import Conflict, Invalid, NotFound
from chatapp.api.v1.store_objects import NewStore, StoreChange
from chatapp.library import actions
from chatapp.library.forms import CollectionForm
from chatapp.library.models import Collection, Document, Upload
from chatapp.library.services.receive import Refused

TAKEN = "There is a collection of this name already."


def make(person: User, asked: NewStore) -> Collection:
    """Raises Invalid, Conflict and NotFound; then nothing is made."""
    files = [shelves.upload(person, name) for name in dict.fromkeys(asked.file_ids)]
    name = asked.name or f"Unnamed {uuid4().hex[:8]}"
    form = CollectionForm(
        written(name, asked.description or "", groups(person, asked.readers or ()))
    )
    with transaction.atomic():
        collection = stored(form, person)
        attached(files, collection)
    return collection


def change(person: User, name: UUID, asked: StoreChange) -> Collection:
    """Leaves what ``asked`` does not name. Raises Invalid, Conflict and NotFound."""
    found = shelves.managed(person, name)
    description = found.description if asked.description is None else asked.description
    readers = list(found.readers.all()) if asked.readers is None else groups(person, asked.readers)
    form = CollectionForm(written(asked.name or found.name, description, readers), instance=found)
    return stored(form, person)


def attached(files: Iterable[Upload], collection: Collection) -> list[Document]:
    """The documents that are made of ``files``, all or none. Raises Conflict."""
    try:
        return actions.attach_all(files, collection)
    except Refused as refusal:
        raise Conflict(str(refusal), param="file_id") from None


def written(name: str, description: str, readers: Iterable[Group]) -> dict[str, Any]:
    """As a browser would send the form."""
    numbers = [str(group.pk) for group in readers]
    return {"name": name, "description": description, "readers": numbers}


def groups(person: User, names: Iterable[str]) -> list[Group]:
    """Raises NotFound for a name of no group. Names are compared here, since a database refuses
    some that a client can send."""
    known = {group.name: group for group in access.managed_groups(person)}
    for name in names:
        if name not in known:
            raise NotFound(f"There is no group “{name}”.", param="readers")
    return [known[name] for name in dict.fromkeys(names)]


def stored(form: CollectionForm, person: User) -> Collection:
    """Raises Invalid and Conflict."""
    for field, errors in form.errors.as_data().items():
        fault = errors[0]
        kind = Conflict if fault.code == "unique" else Invalid
        raise kind(" ".join(fault.messages), param=field)
    try:
        with transaction.atomic():
            return form.store(person)
    except IntegrityError:  # somebody else took the name just now
        raise Conflict(TAKEN, param="name") from None
