"""Downloads of a conversation."""

from collections.abc import AsyncGenerator, Callable, Iterator
from uuid import UUID

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_GET

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations.export import Outline, as_json, disposition, outline
from chatapp.conversations.markdown import as_markdown
from chatapp.rows import in_rows

Writer = Callable[[User, Outline], Iterator[bytes]]
FORMATS: dict[str, tuple[Writer, str]] = {
    "json": (as_json, "application/json"),
    "md": (as_markdown, "text/markdown; charset=utf-8"),
}


@require_GET
def export(request: HttpRequest, conversation: UUID, suffix: str) -> StreamingHttpResponse:
    """The whole conversation, as a file of the format that ``suffix`` names."""
    user = access.signed_in(request)
    found = access.own_conversations(user).filter(id=conversation).first()
    if found is None or suffix not in FORMATS:
        raise Http404
    write, media_type = FORMATS[suffix]
    headers = {"Content-Disposition": disposition(found.title, suffix)}
    pieces = streamed(write(user, outline(found)))
    return StreamingHttpResponse(pieces, content_type=media_type, headers=headers)


async def streamed(pieces: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    """``pieces``, each made when the last one was sent."""
    while piece := await in_rows(next, pieces, b""):
        yield piece
