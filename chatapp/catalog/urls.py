"""Addresses of this feature."""

from django.urls import URLPattern, path

from chatapp.catalog import endpoint_views, pull_views, views

urlpatterns: list[URLPattern] = [
    path("", views.models, name="models"),
    path("<uuid:model>/", views.model, name="model"),
    path("<uuid:model>/first/", views.answer_first, name="model-first"),
    path("<uuid:model>/<int:serving>/accept/", views.accept, name="model-accept"),
    path("<uuid:model>/<int:serving>/remove/", views.remove_place, name="model-remove-place"),
    path("servers/new/", endpoint_views.new, name="endpoint-new"),
    path("servers/<uuid:endpoint>/", endpoint_views.endpoint, name="endpoint"),
    path("servers/<uuid:endpoint>/offer/", endpoint_views.offer, name="endpoint-offer"),
    path("servers/<uuid:endpoint>/pull/", pull_views.pull, name="endpoint-pull"),
    path("servers/<uuid:endpoint>/pulls/", pull_views.pulls, name="endpoint-pulls"),
    path(
        "servers/<uuid:endpoint>/pulls/<int:pull>/cancel/",
        pull_views.cancel,
        name="pull-cancel",
    ),
    path("servers/<uuid:endpoint>/remove/", endpoint_views.remove, name="endpoint-remove"),
]
