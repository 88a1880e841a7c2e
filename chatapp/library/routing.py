"""WebSocket addresses of this feature."""

from django.urls import URLPattern, path

from chatapp.library.consumer import LibraryConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/library/<uuid:collection_id>/", LibraryConsumer.as_asgi()),
]
