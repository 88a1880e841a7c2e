"""Attaching files to a conversation; docs/protocol.md describes it."""

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from chatapp import access
from chatapp.conversations import files, pictures
from chatapp.conversations.frames import identifier
from chatapp.conversations.problems import Refused
from chatapp.conversations.refusals import answering_problems


def _sent(request: HttpRequest) -> "UploadedFile[Any]":
    """The file of the field ``file``. Raises Refused."""
    sent = request.FILES.get("file")
    if sent is None:
        raise Refused("No file was sent.")
    return sent


@require_POST
@answering_problems
def begin(request: HttpRequest) -> HttpResponse:
    """Makes a conversation to attach to; the field ``client_id`` as in a question."""
    client_id = identifier(request.POST.get("client_id"), "client_id")
    return JsonResponse({"conversation": str(files.begin(access.signed_in(request), client_id))})


@require_GET
def listed(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """The files of a conversation as they stand."""
    user = access.signed_in(request)
    if not access.own_conversations(user).filter(id=conversation).exists():
        raise Http404
    return JsonResponse({"files": [files.told(each) for each in files.of(user, conversation)]})


@require_POST
@answering_problems
def attach(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Takes the file of the field ``file``."""
    document = files.attach(access.signed_in(request), conversation, _sent(request))
    return JsonResponse({"file": files.told(document)})


@require_POST
@answering_problems
def retry(request: HttpRequest, conversation: UUID, file: UUID) -> HttpResponse:
    """Lets a file that could not be read be tried again."""
    user = access.signed_in(request)
    return JsonResponse({"file": files.told(files.retry(user, conversation, file))})


@require_POST
@answering_problems
def detach(request: HttpRequest, conversation: UUID, file: UUID) -> HttpResponse:
    """Takes a file away, with all that was read of it."""
    files.detach(access.signed_in(request), conversation, file)
    return HttpResponse(status=204)


@require_POST
@answering_problems
def attach_image(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Takes the image of the field ``file``, for a question."""
    picture = pictures.attach(access.signed_in(request), conversation, _sent(request))
    return JsonResponse({"file": {"id": str(picture.pk)}})


@require_GET
def image(request: HttpRequest, picture: UUID) -> HttpResponse:
    """An image of one's own, kept in no cache: whoever has the machine next, or looks after the
    conversation was deleted, finds none."""
    found = get_object_or_404(access.own_pictures(access.signed_in(request)), id=picture)
    return HttpResponse(bytes(found.data), content_type=found.media_type)


@require_POST
@answering_problems
def remove_image(request: HttpRequest, picture: UUID) -> HttpResponse:
    """Takes an image away that no question was asked with; any other stays with its question."""
    pictures.remove(access.signed_in(request), picture)
    return HttpResponse(status=204)
