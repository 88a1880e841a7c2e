"""Collections, documents and uploads by the ids that a client sends: found among what its caller
may see, or not there at all.

What may be listed, changed and read differs: an admin changes every collection, yet reads only
those of their groups. Raises NotFound, and Forbidden where it may be seen that there is one.
"""

from uuid import UUID

from django.db.models import Q, QuerySet

from chatapp import access
from chatapp.accounts.models import User
from chatapp.api.errors import Forbidden, NotFound
from chatapp.library.models import Batch, Collection, Document, Upload

UNREADABLE = (
    "Your groups do not read this collection; an admin gives it to one on its page in the library."
)


def listed(person: User, name: UUID) -> Collection:
    """A collection of which ``person`` may know."""
    return _collection(access.listed_collections(person), name)


def managed(person: User, name: UUID) -> Collection:
    """A collection that ``person`` may change."""
    return _collection(access.managed_collections(person).filter(deleting=False), name)


def readable(person: User, name: UUID) -> Collection:
    """A collection that may answer ``person``."""
    found = listed(person, name)
    if not access.readable_collections(person).filter(pk=name).exists():
        raise Forbidden(UNREADABLE)
    return found


def documents(person: User, collection: Collection) -> QuerySet[Document]:
    """Those of ``collection`` of which ``person`` may know."""
    return access.listed_documents(person).filter(collection=collection)


def document(person: User, collection: Collection, name: UUID) -> Document:
    """A document of ``collection``, by its own id or by that of the upload it was made of."""
    found = documents(person, collection).filter(Q(pk=name) | Q(upload=name)).first()
    if found is None:
        raise NotFound("There is no such file in this collection.", param="file_id")
    return found


def uploads(person: User) -> QuerySet[Upload]:
    """What ``person`` sent, each with its documents."""
    return access.own_uploads(person).prefetch_related("documents")


def upload(person: User, name: UUID) -> Upload:
    found = uploads(person).filter(pk=name).first()
    if found is None:
        raise NotFound("There is no such file of yours.", param="file_id")
    return found


def batch(collection: Collection, name: UUID) -> Batch:
    found = collection.batches.filter(pk=name).first()
    if found is None:
        raise NotFound("There is no such batch of files in this collection.", param="batch_id")
    return found


def _collection(rows: QuerySet[Collection], name: UUID) -> Collection:
    found = rows.filter(pk=name).first()
    if found is None:
        raise NotFound("There is no such collection for you.", param="vector_store_id")
    return found
