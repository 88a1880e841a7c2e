"""Fetching a model onto a server, for admins.

Addresses and templates: "endpoint-pull" and "pull-cancel" are posts from a server's page;
"endpoint-pulls" is the list of its pulls as they stand, which the page asks for by htmx.
"""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from chatapp.access import managed_endpoints, role_required, signed_in
from chatapp.accounts.models import Role
from chatapp.catalog import pulling
from chatapp.catalog.models import Endpoint, Kind
from chatapp.catalog.standing import pulls_of
from chatapp.catalog.tasks import pull_model


def puller(request: HttpRequest, endpoint: UUID) -> Endpoint:
    """A server that fetches models by itself; else 404."""
    row = get_object_or_404(managed_endpoints(signed_in(request)), pk=endpoint)
    if row.kind != Kind.OLLAMA:
        raise Http404
    return row


def take_up_soon(pull: int) -> None:
    """Where the queue is away, the look of the next minute takes it up."""

    def enqueue() -> None:
        pull_model.delay(pull)

    transaction.on_commit(enqueue, robust=True)


@require_POST
@role_required(Role.ADMIN)
def pull(request: HttpRequest, endpoint: UUID) -> HttpResponseBase:
    """Let it fetch the model of the field ``name``."""
    row = puller(request, endpoint)
    try:
        made = pulling.ask(row, request.POST.get("name", ""), by=signed_in(request))
    except pulling.Invalid as problem:
        messages.error(request, str(problem))
    else:
        take_up_soon(made.pk)
    return redirect("endpoint", row.pk)


@require_GET
@role_required(Role.ADMIN)
def pulls(request: HttpRequest, endpoint: UUID) -> HttpResponse:
    row = puller(request, endpoint)
    return render(request, "catalog/pulls.html", {"endpoint": row, "pulls": pulls_of(row)})


@require_POST
@role_required(Role.ADMIN)
def cancel(request: HttpRequest, endpoint: UUID, pull: int) -> HttpResponseBase:
    row = puller(request, endpoint)
    pulling.cancel(get_object_or_404(row.pulls, pk=pull), by=signed_in(request))
    return redirect("endpoint", row.pk)
