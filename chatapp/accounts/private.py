"""Keeps pages out of every cache, the browser's own too: whoever has the machine next goes back in
its history, and sees nothing of what the last one read."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django.utils.deprecation import MiddlewareMixin


class PrivatePages(MiddlewareMixin):
    """Static files are answered before it."""

    def process_response(self, request: HttpRequest, page: HttpResponseBase) -> HttpResponseBase:  # noqa: ARG002  Django's protocol
        if not page.has_header("Cache-Control"):
            add_never_cache_headers(page)
        return page
