"""The product's own templates and static files on a small server, under the site's own policy.

Tests use it through the fixture ``site``; to look at the pages by hand::

    SECRET_KEY=$(head -c 32 /dev/zero | tr '\\0' k) python -m tests.frontend.harness 8100

and open ``/``, ``/c/<any>/`` or ``/blank/``.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.urls import path as address
from django.urls import set_urlconf

ROOT = Path(__file__).resolve().parents[2]
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
CONVERSATION = "77e20000-0000-4000-8000-000000000001"
BLANK = """<!doctype html><html lang="en"><title>Blank</title>
<link rel="icon" href="/static/favicon.svg"><body></body></html>"""
PASSAGE = {
    "document": "Leave and absence.pdf",
    "heading": "Leave > Annual leave",
    "collection": "Company handbook",
    "text": "Everyone has 28 days of paid leave a year.\n<script>alert(1)</script>",
}


def nothing(request: HttpRequest, **_: str) -> HttpResponse:
    return HttpResponse()


# The addresses that the templates name: the pages are drawn without any view behind them.
urlpatterns = [
    address("", nothing, name="chat"),
    address("c/", nothing, name="conversations"),
    address("conversations/models/", nothing, name="usable-models"),
    address("c/<uuid:conversation_id>/", nothing, name="conversation"),
    address("conversations/search/", nothing, name="search-conversations"),
    address("library/", nothing, name="library"),
    address("models/", nothing, name="models"),
    address("people/", nothing, name="people"),
    address("log/", nothing, name="log"),
    address("account/", nothing, name="account"),
    address("sign-out/", nothing, name="sign-out"),
]


def chat_context(
    turns: list[dict[str, Any]], *, empty: bool = False, several: bool = False
) -> dict[str, Any]:
    """What chatapp.conversations.views gives the chat's template."""
    from chatapp.conversations import feedback
    from tests.frontend import scripted

    titles = {
        "Today": ["Leave and carrying days over", "Travel to the Lisbon office"],
        "Yesterday": ["Who signs a contract?", "A title so long that it could never fit in here"],
        "November 2026": ["إجازة سنوية", "Parking"],
    }
    listed = [
        (
            day,
            [
                {"id": f"77e20000-0000-4000-8000-{d + 1}{n:011}", "title": t}
                for n, t in enumerate(ts)
            ],
        )
        for d, (day, ts) in enumerate(titles.items())
    ]
    conversation = {"id": CONVERSATION, "title": "Leave and carrying days over"}
    listed[0][1][0]["id"] = CONVERSATION
    return {
        "conversation": None if empty else conversation,
        "groups": listed,
        "turns": turns,
        "collections": [scripted.HANDBOOK, scripted.FINANCE],
        "models": scripted.MODELS if several else [scripted.SMOLLM],
        "chosen": "",
        "model": {"name": "smollm2-135m-instruct", "demo": True},
        "question_max": 16_000,
        "reasons": feedback.choices(),
        "temporary_minutes": 30,
        "files": [],
        "max_files": 10,
        "max_file_megabytes": 50,
    }


def rendered(template: str, context: dict[str, Any], role: str = "employee") -> str:
    from django.template.loader import render_to_string
    from django.test import RequestFactory

    from chatapp.accounts.models import User

    set_urlconf("tests.frontend.harness")
    request = RequestFactory().get("/")
    request.user = User(username="emma", first_name="Emma", last_name="Okafor", role=role)
    return render_to_string(template, context, request)


def policy() -> str:
    from django.conf import settings

    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return "; ".join(f"{name} {' '.join(values)}" for name, values in directives.items())


def page_for(path: str, pages: dict[str, list[dict[str, Any]]]) -> str | None:
    from tests.frontend import scripted

    if path.startswith("/sources/"):
        context = {"source": {"number": 1, "page": 3}, "passage": PASSAGE}
        return rendered("conversations/source.html", context)
    if path == "/conversations/models/":
        return json.dumps({"models": scripted.MODELS})
    if path == "/blank/":
        return BLANK
    if path == "/":
        return rendered("conversations/chat.html", chat_context([], empty=True))
    if path.startswith("/c/"):
        name = path.split("/")[2]
        opened = chat_context(pages.get(name, []), several=name == "several")
        if name == "temporary":
            opened["conversation"] = {"id": CONVERSATION, "title": "Leave", "expires": "soon"}
        opened["files"] = scripted.FILES if name == "files" else []
        return rendered("conversations/chat.html", opened)
    return None


def handler(pages: dict[str, list[dict[str, Any]]]) -> type[BaseHTTPRequestHandler]:
    csp = policy()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path.split("?")[0])
            if path.startswith("/static/"):
                file = (ROOT / path.lstrip("/")).resolve()
                if file.is_relative_to(ROOT / "static") and file.is_file():
                    self.answer(200, file.read_bytes(), TYPES.get(file.suffix, "text/plain"))
                    return
            html = page_for(path, pages)
            self.answer(200 if html else 404, (html or "nothing here").encode(), "text/html")

        def answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", csp)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
            """Quiet: what goes wrong is seen in the browser."""

    return Handler


@contextmanager
def serving(pages: dict[str, list[dict[str, Any]]], port: int = 0) -> Iterator[str]:
    """Serve until the block ends; gives the address. ``pages``: turns by the name in ``/c/…/``."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler(pages))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def all_pages() -> dict[str, list[dict[str, Any]]]:
    from tests.frontend import scripted

    return {
        CONVERSATION: [scripted.answered()],
        "several": [scripted.answered()],
        "temporary": [scripted.answered()],
        "files": [scripted.answered()],
        "images": [{**scripted.answered(), "images": ["i1"]}],
        "ends": [scripted.withheld(), scripted.broken_off(), scripted.unjudged()],
    }


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatapp.settings")
    django.setup()
    with serving(all_pages(), int(sys.argv[1])) as url:
        print(url)
        threading.Event().wait()
