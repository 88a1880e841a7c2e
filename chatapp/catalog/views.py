"""Pages about models, for admins: which there are, who may use them, and how they are.

Addresses and templates: "models" lists all; "model" is one, with its form and the servers that
have it; "model-first", "model-accept" and "model-remove-place" are posts from there. Servers are
in :mod:`chatapp.catalog.endpoint_views`.
"""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chatapp.access import (
    managed_endpoints,
    managed_groups,
    managed_models,
    role_required,
    signed_in,
)
from chatapp.accounts.forms import GroupsForm
from chatapp.accounts.models import Role
from chatapp.catalog import services
from chatapp.catalog.fit_form import FitForm
from chatapp.catalog.forms import ModelForm
from chatapp.catalog.models import LanguageModel, Serving
from chatapp.catalog.standing import health_of, offered

CHANGED_AGAIN = "Its server has other weights again. Look at them before you accept them."


def managed_model(request: HttpRequest, model: UUID) -> LanguageModel:
    return get_object_or_404(managed_models(signed_in(request)), pk=model)


def managed_serving(request: HttpRequest, model: UUID, serving: int) -> Serving:
    servings = managed_model(request, model).servings.select_related("endpoint", "model")
    return get_object_or_404(servings, pk=serving)


@require_GET
@role_required(Role.ADMIN)
def models(request: HttpRequest) -> HttpResponse:
    """All models and all servers, as the last looks saw them."""
    admin = signed_in(request)
    shown = {
        "models": offered(managed_models(admin)),
        "endpoints": [(each, health_of(each)) for each in managed_endpoints(admin)],
    }
    return render(request, "catalog/models.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.ADMIN)
def model(request: HttpRequest, model: UUID) -> HttpResponseBase:
    """One model: who may use it, its limits, the servers that have it, and whether it fits into
    the memory that the query names."""
    row = managed_model(request, model)
    sent = request.POST if request.method == "POST" else None
    form = ModelForm(sent, instance=row)
    current = [group.pk for group in row.groups.all()]
    groups = GroupsForm(managed_groups(signed_in(request)), sent, initial={"groups": current})
    if form.is_valid() and groups.is_valid():
        services.save_model(form.instance, groups.cleaned_data["groups"], by=signed_in(request))
        messages.success(request, f"“{form.instance.name}” was saved.")
        return redirect("models")
    (shown,) = offered(LanguageModel.objects.filter(pk=row.pk))
    asked = request.GET if "people" in request.GET else None
    fit = FitForm(asked, shown.traits, shown.facts, shown.use)
    context = {"shown": shown, "form": form, "groups": groups, "fit": fit}
    return render(request, "catalog/model.html", context)


@require_POST
@role_required(Role.ADMIN)
def answer_first(request: HttpRequest, model: UUID) -> HttpResponseBase:
    row = managed_model(request, model)
    services.answer_first(row, by=signed_in(request))
    messages.success(request, f"“{row.name}” answers whoever chooses no model.")
    return redirect("models")


@require_POST
@role_required(Role.ADMIN)
def accept(request: HttpRequest, model: UUID, serving: int) -> HttpResponseBase:
    """Pin what the admin was shown, the field ``identity``."""
    row = managed_serving(request, model, serving)
    if services.accept(row, request.POST.get("identity", ""), by=signed_in(request)):
        messages.success(request, f"The weights of {row.endpoint.name} are accepted.")
    else:
        messages.error(request, CHANGED_AGAIN)
    return redirect("model", model)


@require_POST
@role_required(Role.ADMIN)
def remove_place(request: HttpRequest, model: UUID, serving: int) -> HttpResponseBase:
    row = managed_serving(request, model, serving)
    if row.model.from_settings and row.endpoint.from_settings:
        messages.error(request, "This one comes from the settings: disable it instead.")
        return redirect("model", model)
    services.remove_place(row, by=signed_in(request))
    messages.success(request, f"{row.endpoint.name} does not answer as “{row.model.name}” now.")
    return redirect("models")
