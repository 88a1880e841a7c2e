"""WebSocket addresses of this feature."""

from django.urls import path

from chatapp.conversations.consumer import ChatConsumer

websocket_urlpatterns = [path("ws/chat/", ChatConsumer.as_asgi())]
