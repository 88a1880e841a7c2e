"""The list of conversations, and what its owner does with one of them.

``conversations/list.html`` (address "conversations", for fetch; also included in ``chat.html``) is
given ``groups``, as there, and ``conversation``, None when it is fetched alone. Every change
answers with the list.
"""

from contextlib import suppress
from dataclasses import asdict
from uuid import UUID

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from redis import RedisError

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations import deletion, services, temporary
from chatapp.conversations import search as finding
from chatapp.conversations.listing import listed
from chatapp.conversations.live import announce, request_stops
from chatapp.conversations.problems import Empty
from chatapp.conversations.refusals import answering_problems


@require_GET
def conversations(request: HttpRequest) -> HttpResponse:
    """The list alone."""
    return conversations_of(request, access.signed_in(request))


def conversations_of(request: HttpRequest, user: User) -> HttpResponse:
    context = {"groups": listed(user), "conversation": None}
    return render(request, "conversations/list.html", context)


@require_POST
def search(request: HttpRequest) -> JsonResponse:
    """What the person's conversations have of the words ``q``. They are posted, since addresses
    are written down by proxies and browsers, and words are nobody else's business."""
    found = finding.search(access.signed_in(request), request.POST.get("q", ""))
    return JsonResponse({"found": [asdict(each) for each in found]})


@require_POST
@answering_problems
def pin(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Lets a conversation stand first, or, unless the field ``pinned`` is "yes", not any more."""
    user, pinned = access.signed_in(request), request.POST.get("pinned") == "yes"
    services.pin(user, conversation, pinned=pinned)
    return conversations_of(request, user)


@require_POST
@answering_problems
def rename(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Gives a conversation the title of the field ``title``."""
    user = access.signed_in(request)
    try:
        services.rename(user, conversation, request.POST.get("title", ""))
    except Empty as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain; charset=utf-8")
    announce(conversation)
    return conversations_of(request, user)


@require_POST
@answering_problems
def delete(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Deletes a conversation, and stops what is being answered in it."""
    user = access.signed_in(request)
    running = deletion.delete(user, conversation)
    stop(running)
    announce(conversation)
    return conversations_of(request, user)


@require_POST
@answering_problems
def restore(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Puts back a conversation that was deleted just now."""
    user = access.signed_in(request)
    deletion.restore(user, conversation)
    announce(conversation)
    return conversations_of(request, user)


@require_POST
@answering_problems
def close(request: HttpRequest, conversation: UUID) -> HttpResponse:
    """Removes a temporary conversation now."""
    running = temporary.close(access.signed_in(request), conversation)
    stop(running)
    announce(conversation)
    return redirect("chat")


def stop(running: list[UUID]) -> None:
    """Stop the turns of what was deleted. Where nobody can be told they end by themselves, and
    are kept nowhere."""
    with suppress(RedisError, OSError):
        async_to_sync(request_stops)(running)
