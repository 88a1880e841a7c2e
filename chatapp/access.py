"""The only place that answers "may this person see this?".

Every query for rows on behalf of a person starts from one of these functions; ids that come
from a client are looked up inside their result and nowhere else. It stands above the features'
models and below their services and views.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from chatapp.accounts.models import Role, User
from chatapp.api.models import ApiKey
from chatapp.catalog.models import Endpoint, LanguageModel
from chatapp.conversations.models import Conversation, Feedback, Indexed, Picture, Source, Turn
from chatapp.library.models import Chunk, Collection, Document, State, Upload
from chatapp.moderation.models import Entry

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=Model)


def readable_collections(user: User) -> QuerySet[Collection]:
    """Collections whose passages may answer this person: those that one of their groups reads.

    An admin manages every collection, yet reads only what their groups read.
    """
    if not user.is_active:
        return Collection.objects.none()
    kept = Collection.objects.filter(deleting=False, attached=False)
    return kept.filter(readers__in=user.groups.all()).distinct()


def attached_collections(user: User) -> QuerySet[Collection]:
    """The files of this person's own conversations, which nobody else may know of."""
    kept = Collection.objects.filter(deleting=False, attached=True)
    return kept.filter(chat__in=own_conversations(user))


def attached_documents(user: User) -> QuerySet[Document]:
    """Files that this person attached to their conversations, and may take away."""
    kept = Document.objects.exclude(state=State.DELETING)
    return kept.filter(collection__in=attached_collections(user))


def searchable_collections(user: User) -> QuerySet[Collection]:
    """What may answer this person: collections that they read, and files of their own
    conversations, each in its conversation."""
    readable = Q(pk__in=readable_collections(user).values("pk"))
    return Collection.objects.filter(readable | Q(pk__in=attached_collections(user).values("pk")))


def readable_documents(user: User) -> QuerySet[Document]:
    """Documents that may answer this person: those that stay and that they may read."""
    kept = Document.objects.exclude(state=State.DELETING)
    return kept.filter(collection__in=readable_collections(user))


def readable_chunks(user: User) -> QuerySet[Chunk]:
    """Chunks that this person may open as a source."""
    readable = Q(document__in=readable_documents(user))
    attached = Q(document__in=attached_documents(user))
    return Chunk.objects.filter(readable | attached, quarantined=False)


def managed_collections(user: User) -> QuerySet[Collection]:
    """Collections that this person may change: all of the library's for an admin, else none."""
    return _for_role(Role.ADMIN, user, Collection.objects.filter(attached=False))


def managed_documents(user: User) -> QuerySet[Document]:
    """Documents whose state this person may see and change."""
    return Document.objects.filter(collection__in=managed_collections(user))


def listed_collections(user: User) -> QuerySet[Collection]:
    """Collections of which this person may know: those that they may read or change."""
    known = Q(pk__in=readable_collections(user).values("pk"))
    known |= Q(pk__in=managed_collections(user).values("pk"))
    return Collection.objects.filter(known, deleting=False)


def listed_documents(user: User) -> QuerySet[Document]:
    """Documents of which this person may know the name and the state."""
    kept = Document.objects.exclude(state=State.DELETING)
    return kept.filter(collection__in=listed_collections(user))


def own_uploads(user: User) -> QuerySet[Upload]:
    """Files that this person sent by the API, while they may change collections."""
    return _for_role(Role.ADMIN, user, Upload.objects.filter(owner=user))


def usable_models(user: User) -> QuerySet[LanguageModel]:
    """Models that may answer this person, the one that does where they choose none first: those
    that are enabled, served somewhere, and open to everyone or to one of their groups.

    An admin manages every model, yet uses only what their groups may use.
    """
    if not user.is_active:
        return LanguageModel.objects.none()
    open_to = Q(everyone=True) | Q(groups__in=user.groups.all())
    served = LanguageModel.objects.filter(enabled=True, servings__isnull=False)
    return served.filter(open_to).distinct()


def managed_models(user: User) -> QuerySet[LanguageModel]:
    """Models that this person may offer and withdraw: all of them for an admin, else none."""
    return _for_role(Role.ADMIN, user, LanguageModel.objects.all())


def managed_endpoints(user: User) -> QuerySet[Endpoint]:
    """Model servers that this person may add and change: all of them for an admin, else none."""
    return _for_role(Role.ADMIN, user, Endpoint.objects.all())


def own_conversations(user: User) -> QuerySet[Conversation]:
    """Conversations that this person may read, continue, rename and delete; of the temporary
    ones those that have not expired."""
    if not user.is_active:
        return Conversation.objects.none()
    kept = Q(expires=None) | Q(expires__gt=timezone.now())
    return Conversation.objects.filter(kept, owner=user, deleted=None)


def listed_conversations(user: User) -> QuerySet[Conversation]:
    """Those of this person's conversations that are listed and searched: none of the
    temporary ones."""
    return own_conversations(user).filter(expires=None)


def deleted_conversations(user: User) -> QuerySet[Conversation]:
    """Conversations of this person that wait for their removal: to be put back, never shown."""
    if not user.is_active:
        return Conversation.objects.none()
    return Conversation.objects.filter(owner=user).exclude(deleted=None)


def own_turns(user: User) -> QuerySet[Turn]:
    """Turns that this person may follow and stop."""
    return Turn.objects.filter(conversation__in=own_conversations(user))


def own_indexed(user: User) -> QuerySet[Indexed]:
    """What this person may find by a search: words of their turns and titles."""
    own = listed_conversations(user)
    return Indexed.objects.filter(Q(conversation__in=own) | Q(turn__conversation__in=own))


def own_sources(user: User) -> QuerySet[Source]:
    """Sources of this person's turns; opening one asks :func:`readable_chunks` as well."""
    return Source.objects.filter(turn__in=own_turns(user))


def own_pictures(user: User) -> QuerySet[Picture]:
    """Images of this person's conversations."""
    return Picture.objects.filter(conversation__in=own_conversations(user))


def own_feedback(user: User) -> QuerySet[Feedback]:
    """What this person said of their answers, for themselves alone to read and change."""
    return Feedback.objects.filter(person=user, turn__in=own_turns(user))


def own_keys(user: User) -> QuerySet[ApiKey]:
    """API keys that this person may see and revoke; also those that were revoked."""
    return ApiKey.objects.filter(owner=user) if user.is_active else ApiKey.objects.none()


def visible_entries(user: User) -> QuerySet[Entry]:
    """Entries of the moderation log: all of them for compliance staff, else none."""
    return _for_role(Role.COMPLIANCE, user, Entry.objects.all())


def managed_people(user: User) -> QuerySet[User]:
    """People whose groups this person may change: all of them for an admin, else none."""
    return _for_role(Role.ADMIN, user, User.objects.order_by(Lower("username")))


def managed_groups(user: User) -> QuerySet[Group]:
    """Groups that this person may name and fill, with their number of ``people``."""
    groups = Group.objects.annotate(people=Count("user")).order_by(Lower("name"))
    return _for_role(Role.ADMIN, user, groups)


def _for_role(role: Role, user: User, rows: QuerySet[Row]) -> QuerySet[Row]:
    """``rows`` for somebody of ``role``, none of them for anyone else."""
    return rows if user.is_active and user.role == role else rows.none()


def signed_in(request: HttpRequest) -> User:
    """The signed-in person of ``request``; raises PermissionDenied where there is none."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def role_required(role: Role) -> Callable[[View], View]:
    """A view decorator: answers 403 to everyone whose role is not ``role``."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if signed_in(request).role != role:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return decorate
