"""Saying whether an answer helped; docs/protocol.md describes it."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from chatapp import access
from chatapp.conversations import feedback
from chatapp.conversations.problems import Invalid, NotFound


@require_POST
def say(request: HttpRequest, turn: UUID) -> HttpResponse:
    """Fields ``helpful`` (yes, no, or empty to take it back), ``reasons`` and ``words``."""
    user = access.signed_in(request)
    try:
        feedback.say(user, turn, feedback.read(request.POST))
    except NotFound:
        raise Http404 from None
    except Invalid as problem:
        return JsonResponse({"error": str(problem)}, status=400)
    row = access.own_feedback(user).filter(turn=turn).first()
    return JsonResponse({"feedback": feedback.told(row)})
