"""The log: its list, and one entry beside it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from chatapp import access
from chatapp.access import role_required, signed_in
from chatapp.accounts.models import Role, User
from chatapp.moderation import presentation
from chatapp.moderation.entries import page
from chatapp.moderation.forms import FilterForm
from chatapp.moderation.models import Entry, Reading

SHOWN_SIBLINGS = 20
SHOWN_READINGS = 20


@require_GET
@role_required(Role.COMPLIANCE)
def log(request: HttpRequest) -> HttpResponse:
    return render(request, "moderation/log.html", _list(request))


@require_GET
@role_required(Role.COMPLIANCE)
def log_entry(request: HttpRequest, number: int) -> HttpResponse:
    """One entry. Opening it is logged; the readings shown are the earlier ones."""
    person = signed_in(request)
    entry = get_object_or_404(access.visible_entries(person), pk=number)
    shown = _entry(person, entry) | {"query": request.GET.urlencode()}
    Reading.objects.create(entry=entry, reader=person)
    if request.headers.get("HX-Request"):
        return render(request, "moderation/entry.html", shown)
    return render(request, "moderation/log.html", shown | _list(request))


def _list(request: HttpRequest) -> dict[str, Any]:
    form = FilterForm(request.GET)
    wanted = form.wanted()
    filters = request.GET.copy()
    for cursor in ("before", "after"):
        filters.pop(cursor, None)
    return {
        "form": form,
        "filters": filters.urlencode(),
        "narrowed": wanted.keys() - {"before", "after"},
        "page": page(access.visible_entries(signed_in(request)), wanted),
        "query": request.GET.urlencode(),
    }


def _entry(person: User, entry: Entry) -> dict[str, Any]:
    siblings = access.visible_entries(person).filter(turn_id=entry.turn_id).exclude(pk=entry.pk)
    return {
        "entry": entry,
        "heading": presentation.heading(entry),
        "outcome": presentation.outcome(entry),
        "opinions": presentation.opinions(entry),
        "siblings": siblings.defer("text", "context")[:SHOWN_SIBLINGS] if entry.turn_id else (),
        "readings": list(entry.readings.select_related("reader")[:SHOWN_READINGS]),
    }
