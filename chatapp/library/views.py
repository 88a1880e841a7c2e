"""Pages of the library, for admins: collections, their documents, uploads."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chatapp import access
from chatapp.access import role_required, signed_in
from chatapp.accounts.models import Role
from chatapp.library import actions, models, progress
from chatapp.library.forms import CollectionForm
from chatapp.library.services.receive import MEGABYTE, Received
from chatapp.library.standing import Standing, ago, count_words, standing_of

ROWS_PER_PAGE = 200

admin_only = role_required(Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a collection's table."""

    document: models.Document
    standing: Standing

    @property
    def failed(self) -> bool:
        return self.document.state == models.State.FAILED

    @property
    def added(self) -> str:
        return ago(self.document.created)

    @property
    def deleting(self) -> bool:
        return self.document.state == models.State.DELETING


def row_of(document: models.Document) -> Row:
    return Row(document, standing_of(document))


def managed_collection(request: HttpRequest, collection_id: uuid.UUID) -> models.Collection:
    """The collection, if this person may change it and it is not being deleted; else 404."""
    managed = access.managed_collections(signed_in(request)).filter(deleting=False)
    return get_object_or_404(managed, pk=collection_id)


def managed_document(request: HttpRequest, document_id: uuid.UUID) -> models.Document:
    managed = access.managed_documents(signed_in(request)).select_related("uploaded_by")
    return get_object_or_404(managed, pk=document_id)


@require_GET
@admin_only
def library(request: HttpRequest) -> HttpResponse:
    """All collections: how many documents, and who may read them."""
    readers = Prefetch("readers", Group.objects.order_by("name"))
    found = access.managed_collections(signed_in(request)).prefetch_related(readers)
    counts = progress.counts(each.pk for each in found)
    rows = [(each, counts[each.pk]) for each in found]
    return render(request, "library/library.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@admin_only
def new_collection(request: HttpRequest) -> HttpResponseBase:
    form = CollectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("collection", form.store(signed_in(request)).pk)
    return render(request, "library/collection_form.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@admin_only
def edit_collection(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponseBase:
    collection = managed_collection(request, collection_id)
    form = CollectionForm(request.POST or None, instance=collection)
    if request.method == "POST" and form.is_valid():
        form.store(signed_in(request))
        return redirect("collection", collection.pk)
    return render(request, "library/collection_form.html", {"form": form, "collection": collection})


@require_http_methods(["GET", "HEAD", "POST"])
@admin_only
def delete_collection(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponseBase:
    collection = managed_collection(request, collection_id)
    if request.method == "POST":
        actions.delete_collection(collection)
        messages.success(request, f"“{collection.name}” and its documents are being deleted.")
        return redirect("library")
    number = progress.counts([collection.pk])[collection.pk].total
    return render(
        request, "library/collection_delete.html", {"collection": collection, "number": number}
    )


@require_GET
@admin_only
def collection(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponse:
    """A collection's documents, each with its state, and the way to add more."""
    shown = managed_collection(request, collection_id)
    documents = shown.documents.select_related("uploaded_by").order_by("-created", "name")
    page = Paginator(documents, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    counts = progress.counts([shown.pk])[shown.pk]
    return render(
        request,
        "library/collection.html",
        {
            "collection": shown,
            "readers": shown.readers.order_by("name"),
            "rows": [row_of(each) for each in page],
            "page": page,
            "counts": counts,
            "count_words": count_words(counts),
            "max_megabytes": settings.UPLOAD_MAX_MB,
            "max_bytes": settings.UPLOAD_MAX_MB * MEGABYTE,
        },
    )


@require_POST
@admin_only
def upload(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponseBase:
    """Take files, each on its own: one that is refused does not hurt the others."""
    shown = managed_collection(request, collection_id)
    person = signed_in(request)
    received = [actions.receive(shown, file, person) for file in request.FILES.getlist("files")]
    if request.accepts("text/html"):
        tell(request, received)
        return redirect("collection", shown.pk)
    return JsonResponse({"results": [result(request, each) for each in received]})


def tell(request: HttpRequest, received: list[Received]) -> None:
    """Say on the next page what became of the files."""
    for each in received:
        if not each.accepted:
            messages.error(request, f"“{each.name}”: {each.refusal}")
    if not received:
        messages.error(request, "No file was chosen.")


def result(request: HttpRequest, received: Received) -> dict[str, Any]:
    """One file's part of the answer to the page's uploader; ``row`` is its row of the table."""
    if not received.accepted or received.document is None:
        return {"name": received.name, "accepted": False, "refusal": received.refusal}
    row = {"row": row_of(received.document)}
    return {
        "name": received.name,
        "accepted": True,
        "id": str(received.document.pk),
        "row": render_to_string("library/row.html", row, request),
    }


@require_POST
@admin_only
def retry_failed(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponseBase:
    shown = managed_collection(request, collection_id)
    actions.retry_failed(shown)
    return redirect("collection", shown.pk)


@require_GET
@admin_only
def document(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """One row of the table, for a page that hears of a document that it does not show."""
    row = row_of(managed_document(request, document_id))
    return render(request, "library/row.html", {"row": row})


@require_POST
@admin_only
def retry(request: HttpRequest, document_id: uuid.UUID) -> HttpResponseBase:
    found = managed_document(request, document_id)
    actions.retry(found)
    return after_change(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_only
def delete_document(request: HttpRequest, document_id: uuid.UUID) -> HttpResponseBase:
    found = managed_document(request, document_id)
    if request.method != "POST":
        return render(request, "library/document_delete.html", {"document": found})
    actions.delete_document(found)
    return after_change(request, found)


def after_change(request: HttpRequest, changed: models.Document) -> HttpResponseBase:
    """Back to the table, or for the page's own script, which hears of it by socket, nothing."""
    if request.accepts("text/html"):
        return redirect("collection", changed.collection_id)
    return HttpResponse(status=204)
