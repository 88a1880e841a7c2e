"""WebSocket addresses of this feature."""

from django.urls import URLPattern

websocket_urlpatterns: list[URLPattern] = []
