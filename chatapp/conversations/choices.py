"""What may be searched and what may answer, of that which a person chose."""

from uuid import UUID

from django.db.models import Q

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations.problems import NotFound


def model(user: User, wanted: UUID | None) -> UUID:
    """Id of the model that answers: of those that may be used, the wanted one or the first.
    Raises NotFound."""
    usable = access.usable_models(user)
    chosen = usable if wanted is None else usable.filter(id=wanted)
    found = chosen.values_list("id", flat=True).first()
    if found is None and wanted is None:
        raise NotFound("No model is open to you. Ask an admin to open one to your groups.")
    if found is None:
        raise NotFound("The chosen model is no longer there for you. Choose another.")
    return found


def same_model(user: User, wanted: UUID | None, before: UUID | None) -> UUID:
    """As :func:`model`; where none is wanted, the one ``before``, as long as it may be used."""
    if wanted is None and before and access.usable_models(user).filter(id=before).exists():
        return before
    return model(user, wanted)


def collections(
    user: User, wanted: tuple[UUID, ...] | None, conversation: UUID | None
) -> list[str]:
    """Ids of the collections to search: of those that may be read, the wanted ones or all, and
    what is attached to ``conversation``, which is None where it is new. Raises NotFound."""
    if wanted == () and conversation is None:
        return []
    searchable = access.searchable_collections(user)
    here = searchable.filter(Q(attached=False) | Q(chat=conversation))
    found = dict(here.values_list("id", "attached"))
    library = [name for name, attached in found.items() if not attached]
    if not set(wanted or ()) <= set(library):
        raise NotFound("A chosen collection is no longer there for you. Choose again.")
    chosen = library if wanted is None else wanted
    return [str(name) for name in (*chosen, *(set(found) - set(library)))]


def still_readable(user: User, before: list[str]) -> list[str]:
    """Those of the collections ``before`` that may be searched now."""
    found = access.searchable_collections(user).filter(id__in=before)
    return [str(name) for name in found.values_list("id", flat=True)]
