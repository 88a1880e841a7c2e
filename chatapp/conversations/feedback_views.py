"""Saying whether an answer helped; docs/protocol.md describes it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from chatapp import access
from chatapp.conversations import feedback
from chatapp.conversations.refusals import answering_problems


@require_POST
@answering_problems
def say(request: HttpRequest, turn: UUID) -> HttpResponse:
    """Fields ``helpful`` (yes, no, or empty to take it back), ``reasons`` and ``words``."""
    user = access.signed_in(request)
    feedback.say(user, turn, feedback.read(request.POST))
    row = access.own_feedback(user).filter(turn=turn).first()
    return JsonResponse({"feedback": feedback.told(row)})
