"""EML, by the standard library: the headers that people read, then the body."""

from collections.abc import Iterator
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage, MIMEPart

from rag.extract import web
from rag.extract.encodings import MARKS, decode
from rag.extract.plain import paragraphs
from rag.extract.source import Source
from rag.passage import Block, Extracted

SHOWN = ("From", "To", "Cc", "Date", "Subject")
WIDE = tuple(mark for mark, _ in MARKS)


def read(source: Source) -> Extracted:
    if source.data.startswith(WIDE):
        message = message_from_string(decode(source.data) or "", policy=policy.default)
    else:
        message = message_from_bytes(source.data, policy=policy.default)
    return Extracted(_header(message, "Subject"), tuple(_blocks(message)))


def _blocks(message: EmailMessage) -> Iterator[Block]:
    headers = ((name, _header(message, name)) for name in SHOWN)
    yield Block("text", "\n".join(f"{name}: {value}" for name, value in headers if value))
    body = message.get_body(("plain", "html"))
    if body is not None:
        text = _text(body)
        html = body.get_content_type() == "text/html"
        yield from web.blocks_of(text)[1] if html else paragraphs(text)
    names = [name for part in message.iter_attachments() if (name := part.get_filename())]
    if names:
        yield Block("text", "Attachments: " + ", ".join(names))


def _header(message: EmailMessage, name: str) -> str:
    """The header's text, or "": the standard library raises on some malformed ones."""
    try:
        return str(message.get(name, ""))
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        return ""


def _text(part: MIMEPart) -> str:
    """The part's text, in the encoding that it names, or a guessed one."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else str(payload).encode("utf-8", "replace")
    charset = part.get_content_charset()
    try:
        text = data.decode(charset) if charset else None
    except (LookupError, UnicodeDecodeError):
        text = None
    text = decode(data) or "" if text is None else text
    return text.replace("\r\n", "\n").replace("\r", "\n")
