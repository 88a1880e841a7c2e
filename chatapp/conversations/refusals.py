"""How a view answers what cannot be done: one piece for all of them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse

from chatapp.conversations.frames import Malformed
from chatapp.conversations.problems import Invalid, NotFound, Refused

View = Callable[..., HttpResponseBase]


def answering_problems(view: View) -> View:
    """What is not there, or not this person's, is a 404; what makes no sense or is not taken, a
    400 with its sentence."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotFound:
            raise Http404 from None
        except (Invalid, Refused, Malformed) as problem:
            return JsonResponse({"error": str(problem)}, status=400)

    return answered
