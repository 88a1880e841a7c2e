"""The process that draws an image anew: nothing of the file it came in survives but its pixels.

It runs as :mod:`rag.extract.child` does, and answers with the new file in base64.
"""

import warnings
from base64 import b64encode
from io import BytesIO
from math import sqrt
from typing import Any

from PIL import Image, ImageOps

from rag.extract.child import answer_with
from rag.extract.errors import ExtractError
from rag.extract.source import Source

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MOST_PIXELS = 50_000_000
DRAWN_PIXELS = 1_000_000
"""What models look at: more would only be made smaller by them."""
LARGEST_PNG = 1024 * 1024
NO_IMAGE = "This is no image that can be looked at: PNG, JPEG, WebP or GIF."
TOO_MANY_PIXELS = "The image has more than 50 megapixels."


def main() -> None:
    answer_with(drawn)


def drawn(source: Source) -> dict[str, Any]:
    """The first picture of the file, upright and at most a megapixel. Raises ExtractError."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(BytesIO(source.data), formats=FORMATS) as image:
            flat = image.format == "PNG"
            pixels = _pixels(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ExtractError(TOO_MANY_PIXELS) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ExtractError(NO_IMAGE) from error
    data, media_type = _encoded(pixels, flat)
    width, height = pixels.size
    encoded = b64encode(data).decode()
    return {"data": encoded, "media_type": media_type, "width": width, "height": height}


def _pixels(image: Image.Image) -> Image.Image:
    """On white, where it lets through what is behind it."""
    if image.width * image.height > MOST_PIXELS:
        raise ExtractError(TOO_MANY_PIXELS)
    turned = ImageOps.exif_transpose(image).convert("RGBA")
    scale = min(1.0, sqrt(DRAWN_PIXELS / (turned.width * turned.height)))
    size = max(1, round(turned.width * scale)), max(1, round(turned.height * scale))
    if scale < 1:
        turned = turned.resize(size, Image.Resampling.LANCZOS)
    ground = Image.new("RGB", turned.size, "white")
    ground.paste(turned, mask=turned)
    return ground


def _encoded(pixels: Image.Image, flat: bool) -> tuple[bytes, str]:
    """As PNG what came as one, which is mostly text on screens, unless that is large."""
    if flat:
        out = BytesIO()
        pixels.save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST_PNG:
            return out.getvalue(), "image/png"
    out = BytesIO()
    pixels.save(out, "JPEG", quality=88)
    return out.getvalue(), "image/jpeg"
