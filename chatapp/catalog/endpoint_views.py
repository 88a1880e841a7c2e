"""Pages about model servers, for admins.

Addresses and templates: "endpoint-new" and "endpoint" are a server's form, the latter with what
it serves at this moment; "endpoint-offer" is a post from there; "endpoint-remove" asks first.
"""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from chatapp.access import managed_endpoints, managed_models, role_required, signed_in
from chatapp.accounts.models import Role
from chatapp.catalog import services
from chatapp.catalog.forms import EndpointForm
from chatapp.catalog.looking import look_at
from chatapp.catalog.models import Endpoint, Kind
from chatapp.catalog.standing import health_of, pulls_of, served_here
from chatapp.catalog.watch import fitting

NOT_SERVED = "Its server does not serve that model now."


def managed_endpoint(request: HttpRequest, endpoint: UUID) -> Endpoint:
    return get_object_or_404(managed_endpoints(signed_in(request)), pk=endpoint)


def changeable(request: HttpRequest, endpoint: UUID) -> Endpoint:
    """A server that is not the settings' own; else 404."""
    added = managed_endpoints(signed_in(request)).filter(from_settings=False)
    return get_object_or_404(added, pk=endpoint)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def new(request: HttpRequest) -> HttpResponseBase:
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.save_endpoint(form.instance, form.cleaned_data["api_key"], by=signed_in(request))
        return redirect("endpoint", form.instance.pk)
    return render(request, "catalog/endpoint.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def endpoint(request: HttpRequest, endpoint: UUID) -> HttpResponseBase:
    """One server: its form, and what it serves now, for which it is asked."""
    row = managed_endpoint(request, endpoint)
    form = None if row.from_settings else EndpointForm(request.POST or None, instance=row)
    if form is not None and form.is_valid():
        services.save_endpoint(form.instance, form.cleaned_data["api_key"], by=signed_in(request))
        messages.success(request, f"“{row.name}” was saved.")
        return redirect("endpoint", row.pk)
    # Not what the form may have put into the row.
    row = managed_endpoint(request, endpoint)
    seen = look_at(row)
    shown = {
        "form": form,
        "endpoint": row,
        "seen": seen,
        "health": health_of(row),
        "served": served_here(row, seen.served),
        "models": managed_models(signed_in(request)),
        "pulls": pulls_of(row) if row.kind == Kind.OLLAMA else None,
    }
    return render(request, "catalog/endpoint.html", shown)


@require_POST
@role_required(Role.ADMIN)
def offer(request: HttpRequest, endpoint: UUID) -> HttpResponseBase:
    """Offer the model of the field ``name``: as a new one, or where ``model`` is an id, as that
    one, which this server then answers as too."""
    row = managed_endpoint(request, endpoint)
    name = request.POST.get("name", "")
    served = fitting(look_at(row).served, name) if name else None
    if served is None:
        messages.error(request, NOT_SERVED)
        return redirect("endpoint", row.pk)
    chosen = request.POST.get("model", "")
    known = {str(each.pk): each for each in managed_models(signed_in(request))}
    if chosen in known:
        services.add_place(known[chosen], served, row, by=signed_in(request))
        return redirect("model", known[chosen].pk)
    return redirect("model", services.offer(served, row, by=signed_in(request)).pk)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def remove(request: HttpRequest, endpoint: UUID) -> HttpResponse | HttpResponseBase:
    row = changeable(request, endpoint)
    if request.method == "POST":
        services.remove_endpoint(row, by=signed_in(request))
        messages.success(request, f"“{row.name}” was removed.")
        return redirect("models")
    return render(request, "catalog/endpoint_remove.html", {"endpoint": row})
