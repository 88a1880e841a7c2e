"""Addresses of this feature."""

from django.urls import path

from chatapp.moderation import views

urlpatterns = [
    path("", views.log, name="log"),
    path("<int:number>/", views.log_entry, name="log-entry"),
]
