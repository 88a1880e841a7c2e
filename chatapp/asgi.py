"""The ASGI application: Django for HTTP, Channels for WebSockets from our own origin only."""

import gc
import os
from typing import Any
from urllib.parse import urlsplit

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import SessionMiddlewareStack
from django.core.asgi import get_asgi_application
from starlette.responses import JSONResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatapp.settings")
django_application = get_asgi_application()

# These import models, which need the application registry that the line above fills.
from django.conf import settings  # noqa: E402

from chatapp import rows  # noqa: E402
from chatapp.api.v1.app import make_application  # noqa: E402
from chatapp.catalog.in_step import keep_in_step_at_start  # noqa: E402
from chatapp.conversations import live  # noqa: E402
from chatapp.conversations.routing import websocket_urlpatterns as chat  # noqa: E402
from chatapp.library.body_limit import BodyLimit  # noqa: E402
from chatapp.library.routing import websocket_urlpatterns as library  # noqa: E402
from chatapp.library.senders import allowance  # noqa: E402
from chatapp.library.services.receive import MEGABYTE  # noqa: E402


class SameOrigin:
    """Refuses the handshake, with 403, of a socket whose page is not of ``url``'s origin.

    Channels' own validator would start a consumer, with a task at Redis, for each refusal.
    """

    def __init__(self, application: Any, url: str) -> None:
        self._application = application
        self._origin = origin_of(url)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if [origin_of(value.decode("latin-1")) for value in origins] == [self._origin]:
            await self._application(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port as browsers compare them; ("", "", None) where that makes no sense."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ("", "", None)
    return (parts.scheme, parts.hostname or "", port)


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ARG001  ASGI
    """Takes up what the settings say of the model when the server comes up, and ends the turns
    that run here when it goes down."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await rows.in_rows(keep_in_step_at_start)
            keep_what_is_loaded()
        if message["type"] == "lifespan.shutdown":
            await live.close()
            await rows.close()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def keep_what_is_loaded() -> None:
    """Tell the garbage collector not to look through the code and the settings ever again: they
    stay, and are a hundred times what a chat makes. A tenth of a chat's CPU went there."""
    gc.collect()
    gc.freeze()


async def health(scope: Any, receive: Any, send: Any) -> None:
    """Says that this process answers, and nothing of what is behind it."""
    await JSONResponse({"status": "ok"})(scope, receive, send)


class Beside:
    """Answers paths at and below ``root`` by one application, and all others by another."""

    def __init__(self, root: str, below: Any, others: Any) -> None:
        self._root = root
        self._below = below
        self._others = others

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        mine = path == self._root or path.startswith(f"{self._root}/")
        await (self._below if mine else self._others)(scope, receive, send)


UPLOAD_MAX_BYTES = settings.UPLOAD_MAX_MB * MEGABYTE

application = ProtocolTypeRouter(
    {
        "http": Beside(
            "/v1",
            make_application(UPLOAD_MAX_BYTES),
            Beside("/health", health, BodyLimit(django_application, allowance)),
        ),
        "lifespan": lifespan,
        "websocket": SameOrigin(
            # Who it is, each consumer asks anew at each frame.
            SessionMiddlewareStack(URLRouter([*chat, *library])),
            settings.PUBLIC_URL,
        ),
    }
)
