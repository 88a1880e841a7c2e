"""Looks through the archive that an Office file is, before any parser sees it.

The sizes that an archive declares may lie, so every member is unpacked once under a count. No
member is ever written anywhere, so its name leads nowhere. Office files hold no DTD: one that
does (entity bombs, external entities) is refused, whatever the encoding of its XML.
"""

import io
import re
import zipfile
from collections.abc import Iterator

from rag.extract.errors import DAMAGED, PROTECTED, ExtractError
from rag.extract.limits import MIB
from rag.extract.source import Source

CONTENT_TYPES = "[Content_Types].xml"
BOMB = "This file unpacks to far more than an Office file holds, so it was not read."
HOSTILE = "This file holds XML that no Office program writes, so it was not read."
DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.I)
ENCODING = re.compile(rb"""^\W*<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]+)""", re.I)
# Any other encoding could spell a declaration in other bytes, and no Office program writes one.
ENCODINGS = frozenset({b"utf-8", b"utf8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-1"})
STEP = MIB


def main_types(source: Source) -> bytes:
    """The archive's declaration of content types, after the whole archive was found harmless;
    empty where it is no Office file. Raises ExtractError."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            if CONTENT_TYPES not in archive.namelist():
                return b""
            _look_through(archive, source)
            return archive.read(CONTENT_TYPES).replace(b"\0", b"")
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):  # a compression that no Office program uses
            raise ExtractError(DAMAGED) from error
        raise ExtractError(PROTECTED) from error  # what zipfile says of an encrypted member


def _look_through(archive: zipfile.ZipFile, source: Source) -> None:
    members, limits = archive.infolist(), source.limits
    if len(members) > limits.members:
        raise ExtractError(f"This file has more than {limits.members:,} parts: it was not read.")
    most = max(limits.ratio_from_bytes, limits.ratio * len(source.data))
    most = min(most, limits.unpacked_bytes)
    if sum(member.file_size for member in members) > most:
        raise ExtractError(BOMB)
    total = 0
    for member in members:
        for size in _sizes(archive, member):
            total += size
            if total > most:
                raise ExtractError(BOMB)


def _sizes(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[int]:
    """Unpack ``member`` step by step; the sizes of the steps."""
    with archive.open(member) as file:
        part = file.read(STEP)
        xml = _is_xml(part, member.filename)
        tail = b""
        while part:
            if xml and DECLARATION.search((tail + part).replace(b"\0", b"")):
                raise ExtractError(HOSTILE)
            yield len(part)
            tail, part = part[-64:], file.read(STEP)


def _is_xml(start: bytes, name: str) -> bool:
    plain = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:512]
    declared = ENCODING.search(plain)
    if declared and declared[1].lower() not in ENCODINGS:
        raise ExtractError(HOSTILE)
    if plain and name.endswith((".xml", ".rels")) and not plain.startswith(b"<"):
        raise ExtractError(HOSTILE)  # such as EBCDIC, which libxml2 recognizes by itself
    return plain[:1] in (b"<", b"")  # or nothing but space so far, and any space may come first
