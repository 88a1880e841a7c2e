"""Addresses of this feature."""

from django.urls import URLPattern, path

from chatapp.library import views

urlpatterns: list[URLPattern] = [
    path("", views.library, name="library"),
    path("new/", views.new_collection, name="collection-new"),
    path("<uuid:collection_id>/", views.collection, name="collection"),
    path("<uuid:collection_id>/edit/", views.edit_collection, name="collection-edit"),
    path("<uuid:collection_id>/delete/", views.delete_collection, name="collection-delete"),
    path("<uuid:collection_id>/upload/", views.upload, name="upload"),
    path("<uuid:collection_id>/retry/", views.retry_failed, name="collection-retry"),
    path("documents/<uuid:document_id>/", views.document, name="document"),
    path("documents/<uuid:document_id>/retry/", views.retry, name="document-retry"),
    path("documents/<uuid:document_id>/delete/", views.delete_document, name="document-delete"),
]
