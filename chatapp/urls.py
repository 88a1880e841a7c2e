"""Addresses: each feature names its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("chatapp.conversations.urls")),
    path("", include("chatapp.accounts.urls")),
    path("", include("chatapp.api.urls")),
    path("library/", include("chatapp.library.urls")),
    path("models/", include("chatapp.catalog.urls")),
    path("log/", include("chatapp.moderation.urls")),
]
