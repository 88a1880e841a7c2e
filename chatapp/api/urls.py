"""Addresses of this feature's pages; those of the API itself are in app.py."""

from django.urls import path

from chatapp.api import views

urlpatterns = [
    path("account/keys/", views.keys, name="keys"),
    path("account/keys/<int:number>/revoke/", views.revoke, name="key-revoke"),
]
