"""Archives made to harm: bombs, lies about sizes, names that lead elsewhere."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.extract import Limits
from tests.rag.conftest import LIMITS, MIB, Read, Refusal, texts
from tests.rag.documents import a_book, a_deck, a_word, member, with_member

SECRET = "the words of another file"
BOMB_SENTENCE = "unpacks to far more"


@pytest.mark.parametrize("make", [a_word, a_book, a_deck])
def test_it_refuses_a_zip_bomb(refusal: Refusal, make: Callable[[], bytes]) -> None:
    bomb = with_member(make(), "media/image1.png", b"\0" * (64 * MIB))
    assert len(bomb) < MIB

    assert BOMB_SENTENCE in refusal(bomb, "x.docx", LIMITS)


def test_it_refuses_a_bomb_that_is_the_documents_own_text(refusal: Refusal) -> None:
    inner = b"<w:p><w:r><w:t>" + b"a" * (64 * MIB) + b"</w:t></w:r></w:p><w:sectPr"
    document = member(a_word(), "word/document.xml").replace(b"<w:sectPr", inner, 1)
    bomb = with_member(a_word(), "word/document.xml", document)

    assert BOMB_SENTENCE in refusal(bomb, "x.docx", LIMITS)


def lying(data: bytes, name: str, declared: int) -> bytes:
    """``data`` with the unpacked size of ``name`` declared as something else, in both places."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo(name)
        directory = archive.start_dir
    changed = bytearray(data)
    struct.pack_into("<I", changed, info.header_offset + 22, declared)
    place = changed.index(name.encode(), directory) - 46
    assert changed[place : place + 4] == b"PK\x01\x02"
    struct.pack_into("<I", changed, place + 24, declared)
    return bytes(changed)


@pytest.mark.parametrize("declared", [0, 10, 1000])
def test_sizes_that_lie_do_not_unpack_a_bomb(refusal: Refusal, declared: int) -> None:
    bomb = with_member(a_word(), "media/image1.png", b"\0" * (64 * MIB))

    sentence = refusal(lying(bomb, "media/image1.png", declared), "x.docx", LIMITS)

    assert BOMB_SENTENCE in sentence or "damaged" in sentence


def test_a_size_that_is_declared_too_large_is_refused_before_unpacking(refusal: Refusal) -> None:
    data = lying(a_word(), "word/document.xml", 0xFFFFFF00)

    assert BOMB_SENTENCE in refusal(data, "x.docx", LIMITS)


def test_members_that_share_their_bytes_are_counted_each(refusal: Refusal) -> None:
    """A bomb without nesting: many entries of the directory that point at one member."""
    base = with_member(a_word(), "a.bin", b"\0" * (8 * MIB))
    with zipfile.ZipFile(io.BytesIO(base)) as archive:
        start, info = archive.start_dir, archive.getinfo("a.bin")
        end = base.rindex(b"PK\x05\x06")
    place = base.index(b"PK\x01\x02", base.rindex(b"a.bin", start) - 46)
    entry = base[place : place + 46 + len(info.filename)]
    count = struct.unpack_from("<H", base, end + 10)[0] + 100
    directory = base[start:end] + entry * 100
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)

    sentence = refusal(base[:start] + directory + tail, "x.docx", LIMITS)

    assert BOMB_SENTENCE in sentence or "damaged" in sentence


def test_it_refuses_too_many_members(refusal: Refusal) -> None:
    out = io.BytesIO(a_word())
    with zipfile.ZipFile(out, "a") as archive:
        for n in range(200):
            archive.writestr(f"x{n}", b"")

    assert "more than 100 parts" in refusal(out.getvalue(), "x.docx", Limits(members=100))


@pytest.mark.parametrize(
    "name",
    ["../../../../tmp/parapet-slip", "/tmp/parapet-slip", "C:\\parapet-slip", "a\0b", "\u202e"],  # noqa: S108  what the attack would write
)
def test_the_names_of_members_lead_nowhere(read: Read, name: str) -> None:
    out = io.BytesIO(a_word())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"slipped")

    assert texts(read(out.getvalue(), "x.docx", LIMITS)) == ["Words"]
    assert not Path("/tmp/parapet-slip").exists()  # noqa: S108  what the attack would write


def test_a_symbolic_link_in_an_archive_is_not_followed(refusal: Refusal, tmp_path: Path) -> None:
    target = tmp_path / "secret.xml"
    target.write_text(f"<x>{SECRET}</x>")
    data = a_word()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if info.filename != "word/document.xml":
                new.writestr(info, old.read(info))
        link = zipfile.ZipInfo("word/document.xml")
        link.external_attr = 0o120777 << 16
        new.writestr(link, str(target))

    assert SECRET not in refusal(out.getvalue(), "x.docx", LIMITS)


def test_an_encrypted_member_asks_for_the_password_to_be_removed(refusal: Refusal) -> None:
    data = bytearray(a_word())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        info, start = archive.getinfo("word/document.xml"), archive.start_dir
    data[info.header_offset + 6] |= 1
    data[data.index(b"word/document.xml", start) - 46 + 8] |= 1

    assert "password" in refusal(bytes(data), "x.docx", LIMITS)
