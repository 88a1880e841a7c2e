"""The ASGI application: Django for HTTP, Channels for WebSockets from our own origin only."""

import os
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatapp.settings")
django_application = get_asgi_application()

# These import models, which need the application registry that the line above fills.
from django.conf import settings  # noqa: E402

from chatapp.conversations import live  # noqa: E402
from chatapp.conversations.routing import websocket_urlpatterns as chat  # noqa: E402
from chatapp.library.routing import websocket_urlpatterns as library  # noqa: E402


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ARG001  ASGI
    """Ends the turns that run here when the server goes down."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            await live.close()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


application = ProtocolTypeRouter(
    {
        "http": django_application,
        "lifespan": lifespan,
        "websocket": OriginValidator(
            AuthMiddlewareStack(URLRouter([*chat, *library])), [settings.PUBLIC_URL]
        ),
    }
)
