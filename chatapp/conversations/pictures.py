"""Images that go with a question, for models that see. The guard reads words and does not look at
them; what a model writes about them it reads like any answer."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet

from chatapp import access
from chatapp.accounts.models import User
from chatapp.backends.base import Image
from chatapp.conversations.models import Conversation, Picture, Turn
from chatapp.conversations.problems import NO_CONVERSATION, NotFound, Refused
from rag.extract import ExtractError
from rag.extract.image import Drawn, draw_anew

NO_PICTURE = "An image does not exist any more, or it is not of this conversation."


def attach(user: User, conversation: UUID, file: "File[Any]") -> Picture:
    """Take an image into a conversation. Raises NotFound and Refused."""
    own = access.own_conversations(user).filter(id=conversation)
    _refuse_too_much(own)
    drawn = _drawn(file)
    with transaction.atomic():
        _refuse_too_much(own.select_for_update())  # others may have come in between
        return Picture.objects.create(
            conversation_id=conversation, media_type=drawn.media_type, data=drawn.data
        )


def _refuse_too_much(own: QuerySet[Conversation]) -> None:
    """Raises NotFound where there is no such conversation, and Refused where it is full."""
    found = own.first()
    if found is None:
        raise NotFound(NO_CONVERSATION)
    if found.pictures.count() >= settings.CHAT_IMAGES_MAX:
        raise Refused(f"A conversation takes up to {settings.CHAT_IMAGES_MAX} images.")


def _drawn(file: "File[Any]") -> Drawn:
    """Raises Refused."""
    with NamedTemporaryFile() as copy:
        for piece in file.chunks():
            copy.write(piece)
        copy.flush()
        try:
            return draw_anew(Path(copy.name))
        except ExtractError as error:
            raise Refused(str(error)) from None


def chosen(user: User, conversation: UUID | None, wanted: tuple[UUID, ...]) -> list[str]:
    """Ids of the images ``wanted`` of a conversation. Raises NotFound."""
    if not wanted:
        return []
    own = access.own_pictures(user).filter(conversation=conversation, id__in=wanted)
    if own.count() < len(wanted):
        raise NotFound(NO_PICTURE)
    return [str(name) for name in wanted]


def remove(user: User, picture: UUID) -> None:
    """Take an image away that no question was asked with. Raises NotFound."""
    found = access.own_pictures(user).filter(id=picture).first()
    if found is None:
        raise NotFound(NO_PICTURE)
    turns = Turn.objects.filter(conversation=found.conversation_id)
    asked_with = {name for names in turns.values_list("pictures", flat=True) for name in names}
    if str(picture) not in asked_with:
        found.delete()


def images(turns: Sequence[Turn]) -> list[tuple[Image, ...]]:
    """The images of each of ``turns``, as models are sent them; a query where there are any."""
    names = {name for turn in turns for name in turn.pictures}
    rows = Picture.objects.filter(id__in=names) if names else ()
    found = {str(row.id): Image(bytes(row.data), row.media_type) for row in rows}
    return [tuple(found[name] for name in turn.pictures if name in found) for turn in turns]
