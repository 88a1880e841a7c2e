"""Which format a file is in, judged by its content.

The suffix only decides between formats that are all plain text, and only where the content does
not say otherwise. Raises :class:`ExtractError` with a sentence for what cannot be read.
"""

import csv
import re
from enum import Enum

from rag.extract.encodings import decode
from rag.extract.errors import NO_TEXT, PROTECTED, ExtractError
from rag.extract.source import Source

OFFICE = "application/vnd.openxmlformats-officedocument"


class Kind(Enum):
    """The formats that can be read; the value is the media type."""

    PDF = "application/pdf"
    DOCX = f"{OFFICE}.wordprocessingml.document"
    PPTX = f"{OFFICE}.presentationml.presentation"
    XLSX = f"{OFFICE}.spreadsheetml.sheet"
    CSV = "text/csv"
    HTML = "text/html"
    MARKDOWN = "text/markdown"
    TEXT = "text/plain"
    EML = "message/rfc822"

    @property
    def media_type(self) -> str:
        return self.value


READABLE = "PDF, DOCX, PPTX, XLSX, CSV, HTML, Markdown, text or EML"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# These archives start with a member that says what they are, unpacked.
MARKED_ARCHIVES = {
    b"mimetypeapplication/vnd.oasis": "an OpenDocument file",
    b"mimetypeapplication/epub+zip": "an EPUB book",
}
HEAD_CHARS = 4096
NAMED = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd"), Kind.MARKDOWN),
    **dict.fromkeys((".csv", ".tsv", ".tab"), Kind.CSV),
    **dict.fromkeys((".htm", ".html", ".xhtml"), Kind.HTML),
}
# No suffix, or one that says what a text cannot be: then the text itself is asked.
MISLEADING = ("", ".pdf", ".docx", ".pptx", ".xlsx", ".doc", ".ppt", ".xls", ".eml", ".msg", ".zip")
HTML_TAG = re.compile(r"<(p|div|h[1-6]|table|br|ul|ol|pre|span)\b", re.I)
# Possessive, so that a page of many comments is not matched in many ways.
HTML_START = re.compile(
    r"\s*+(?:<\?xml[^>]*+>\s*+)?(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
XML_START = re.compile(r"\s*(<\?xml\b|<!doctype\b|<svg\b)", re.I)
MAIL_HEADER = re.compile(
    r"(from|to|cc|date|subject|received|return-path|message-id|mime-version|delivered-to"
    r"|content-type|reply-to|sender|dkim-signature|x-[a-z-]+):",
    re.I,
)
MAILBOX_START = re.compile(r"From \S+ .*\d{4}\n")
ATX_HEADING = re.compile(r"^#{1,6} \S", re.M)
DELIMITERS = ",;\t|"


def judge(source: Source) -> Kind:
    """The format of ``source``. Raises ExtractError where there is none that can be read."""
    data = source.data
    if not data:
        raise ExtractError("This file is empty.")
    if data.startswith(ZIP):
        return _office(source)
    if data.startswith(OLE):
        raise ExtractError(_old_office(data))
    # Readers of PDF accept some bytes of anything before the mark.
    if b"%PDF-" in data[:1024]:
        return Kind.PDF
    if data.startswith(b"{\\rtf"):
        raise ExtractError(unreadable("RTF text"))
    text = decode(data)
    if text is None:
        raise ExtractError(unreadable(_name_of(data)))
    return _textual(text, source.suffix)


def unreadable(what: str) -> str:
    """The sentence for a format that is known and not read."""
    return f"This file is not a format that can be read: it is {what}. Upload {READABLE}."


def _office(source: Source) -> Kind:
    from rag.extract.archive import main_types

    for mark, what in MARKED_ARCHIVES.items():
        if mark in source.data[:128]:
            raise ExtractError(unreadable(what))
    types = main_types(source)
    for kind in (Kind.DOCX, Kind.PPTX, Kind.XLSX):
        if f"{kind.value}.main+xml".encode() in types:
            return kind
    if b"presentationml.slideshow.main+xml" in types:
        raise ExtractError(unreadable("a slide show: save it as .pptx"))
    if b".main+xml" in types:
        raise ExtractError(unreadable("an Office file with macros or a template"))
    raise ExtractError(unreadable("an archive: upload the files in it one by one"))


def _old_office(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return PROTECTED
    return unreadable("an old Office file (.doc, .xls, .ppt or .msg): save it in today's format")


def _name_of(data: bytes) -> str:
    import puremagic

    try:
        found = puremagic.magic_string(data[:8192])
    except (puremagic.PureError, ValueError):
        return "of no known type"
    name = found[0].name if found else ""
    return f"of type “{name}”" if name else "of no known type"


def _textual(text: str, suffix: str) -> Kind:
    head = text[:HEAD_CHARS].replace("\r\n", "\n").lstrip("\ufeff")
    if not text.strip():
        raise ExtractError(NO_TEXT)
    if suffix != ".eml" and MAILBOX_START.match(head):
        raise ExtractError(unreadable("a mailbox: upload its messages one by one, as .eml"))
    if _is_mail(MAILBOX_START.sub("", head, count=1)):
        return Kind.EML
    is_markdown = NAMED.get(suffix) is Kind.MARKDOWN  # which may well start with HTML
    if not is_markdown and HTML_START.match(head):
        return Kind.HTML
    if not is_markdown and XML_START.match(head):
        raise ExtractError(unreadable("XML"))
    return _plain(text, suffix)


def _plain(text: str, suffix: str) -> Kind:
    named = NAMED.get(suffix)
    if named is Kind.HTML and not HTML_TAG.search(text):
        return Kind.TEXT
    if named:
        return named
    if suffix not in MISLEADING:
        return Kind.TEXT
    if columns(text[:HEAD_CHARS])[1] > 1:
        return Kind.CSV
    return Kind.MARKDOWN if len(ATX_HEADING.findall(text[:HEAD_CHARS])) > 1 else Kind.TEXT


def _is_mail(head: str) -> bool:
    lines = head.split("\n\n", 1)[0].split("\n")
    names = {found[1].lower() for line in lines if (found := MAIL_HEADER.match(line))}
    starts = bool(re.match(r"[A-Za-z][A-Za-z-]*:", head))
    return starts and len(names) > 1 and bool(names & {"from", "received", "return-path"})


def columns(sample: str) -> tuple[str, int]:
    """The likeliest delimiter of a table in ``sample``, and how many columns it makes there: 1
    where no delimiter gives nearly all of at least three rows the same number of columns."""
    lines = sample.split("\n")
    whole = "\n".join(lines[:-1]) if len(lines) > 2 and len(sample) >= HEAD_CHARS else sample
    best = (",", 1)
    for delimiter in DELIMITERS:
        widths = _widths(whole, delimiter)
        usual = max(set(widths), key=widths.count, default=1)
        enough = len(widths) > 2 and widths.count(usual) >= 0.8 * len(widths)
        if enough and usual > best[1]:
            best = (delimiter, usual)
    return best


def _widths(sample: str, delimiter: str) -> list[int]:
    try:
        rows = list(csv.reader(sample.splitlines(), delimiter=delimiter))
    except csv.Error:
        return []
    return [len(row) for row in rows if row]
