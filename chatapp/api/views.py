"""The page of one's own API keys."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from chatapp import access
from chatapp.accounts.models import User
from chatapp.api.forms import KeyForm
from chatapp.api.keys import MOST_KEYS, TooManyKeys, issue, reason_against
from chatapp.api.keys import revoke as revoke_key
from chatapp.api.models import ApiKey, Scope

SHOWN = 100
"""The newest keys, old ones that open nothing among them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One key in the table, in words."""

    key: ApiKey

    @property
    def closed(self) -> bool:
        """Whether it opens nothing."""
        return bool(reason_against(self.key))

    @property
    def may(self) -> str:
        """“Chat, search collections”."""
        return ", ".join(Scope(name).label for name in self.key.scopes).capitalize()

    @property
    def searches(self) -> str:
        """The names of the collections that its chats search, of those that its owner may read."""
        return ", ".join(collection.name for collection in self.key.collections.all())


def shown_keys(person: User) -> QuerySet[ApiKey]:
    readable = Prefetch("collections", access.readable_collections(person).order_by("name"))
    return access.own_keys(person).select_related("owner").prefetch_related(readable)[:SHOWN]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """One's keys, and a form for a new one. The answer to the form is the only page that ever
    shows the new key: nothing keeps it for another."""
    person, made = access.signed_in(request), ""
    form = KeyForm(person, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = issue(person, form.wish)
            form = KeyForm(person)
        except TooManyKeys:
            form.add_error(None, f"You have {MOST_KEYS} keys in use. Revoke one first.")
    rows = [Row(key) for key in shown_keys(person)]
    shown = {"form": form, "made": made, "rows": rows, "address": f"{settings.PUBLIC_URL}/v1"}
    return render(request, "api/keys.html", shown)


@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponseBase:
    key = get_object_or_404(access.own_keys(access.signed_in(request)), pk=number)
    revoke_key(key)
    messages.success(request, f"“{key.name}” was revoked. It opens nothing any more.")
    return redirect("keys")
