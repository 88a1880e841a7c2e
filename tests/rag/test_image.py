"""An image is drawn anew: its pixels survive, upright and small enough, and nothing else does."""

import zlib
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from struct import pack

import pytest
from PIL import Image

from rag.extract import ExtractError
from rag.extract import image as image_module
from rag.extract.image import Drawn, draw_anew

RED = (200, 30, 30)


def file(path: Path, image: Image.Image, kind: str, **how: object) -> Path:
    image.save(path, kind, **how)
    return path


def opened(drawn: Drawn) -> Image.Image:
    return Image.open(BytesIO(drawn.data))


def test_what_a_camera_writes_beside_the_pixels_is_gone(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), RED)
    exif = image.getexif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # to be turned by a quarter
    drawn = draw_anew(file(tmp_path / "x", image, "JPEG", exif=exif, comment=b"taken at home"))
    assert b"taken at home" not in drawn.data
    assert (drawn.media_type, drawn.width, drawn.height) == ("image/jpeg", 20, 40)
    assert not opened(drawn).getexif()
    assert not opened(drawn).info.get("comment")


def test_a_screenshot_stays_a_png_and_what_is_behind_it_is_white(tmp_path: Path) -> None:
    drawn = draw_anew(file(tmp_path / "x", Image.new("RGBA", (10, 10), (0, 0, 0, 0)), "PNG"))
    assert drawn.media_type == "image/png"
    assert opened(drawn).getpixel((5, 5)) == (255, 255, 255)


def test_a_large_one_becomes_a_megapixel(tmp_path: Path) -> None:
    drawn = draw_anew(file(tmp_path / "x", Image.new("RGB", (4000, 1000), RED), "WEBP"))
    assert (drawn.width, drawn.height) == (2000, 500)


def bomb() -> bytes:
    """A PNG of 30,000 by 30,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bomb(), "megapixels"),
        (b"", "no image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "no image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "no image"),
        (b"%PDF-1.7", "no image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
    ],
)
def test_what_is_no_image_is_refused_in_a_sentence(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(ExtractError, match=words):
        draw_anew(path)


def test_only_so_many_are_drawn_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path / "x", Image.new("RGB", (4, 4), RED), "PNG")
    monkeypatch.setattr(image_module, "WAIT_SECONDS", 0.0)
    with ExitStack() as taken:
        for _ in range(image_module.AT_ONCE):
            taken.enter_context(image_module.PLACES)
        with pytest.raises(ExtractError, match="Too many images"):
            draw_anew(path)
    assert draw_anew(path).width == 4


def test_a_place_is_given_back_where_there_was_no_image(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"words")
    for _ in range(image_module.AT_ONCE + 1):
        with pytest.raises(ExtractError, match="no image"):
            draw_anew(path)
