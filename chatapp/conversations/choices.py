"""What may be searched and what may answer, of that which a person chose."""

from uuid import UUID

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


def collections(user: User, wanted: tuple[UUID, ...] | None) -> list[str]:
    """Ids of the collections to search: of those that may be read, the wanted ones or all.
    Raises NotFound."""
    readable = access.readable_collections(user)
    if wanted is None:
        return [str(name) for name in readable.values_list("id", flat=True)]
    if not wanted:
        return []
    found = readable.filter(id__in=wanted).values_list("id", flat=True)
    chosen = [str(name) for name in found]
    if len(chosen) < len(wanted):
        raise NotFound("A chosen collection is no longer there for you. Choose again.")
    return chosen


def still_readable(user: User, before: list[str]) -> list[str]:
    """Those of the collections ``before`` that may be read now."""
    found = access.readable_collections(user).filter(id__in=before)
    return [str(name) for name in found.values_list("id", flat=True)]
