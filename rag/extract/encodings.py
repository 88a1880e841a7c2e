"""From bytes to text: byte-order marks, UTF-8, UTF-16 without a mark, then an educated guess."""

import codecs
import re

# UTF-32's mark begins with UTF-16's, so it is asked for first.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SAMPLE_BYTES = 64 * 1024
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
HIGH_RUN = re.compile(rb"[\x80-\xff]+")
# Accents stand alone among ASCII letters; in other alphabets, bytes over 127 come in long runs.
LATIN_RUN = 1.5
BINARY_SHARE = 0.01


def decode(data: bytes) -> str | None:
    """The text that ``data`` holds, or None where it is not text."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    wide = _wide(data[:SAMPLE_BYTES])
    if wide:
        return data.decode(wide, "replace")
    if len(CONTROLS.findall(data[:SAMPLE_BYTES])) > BINARY_SHARE * len(data[:SAMPLE_BYTES]):
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _guess(data)


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of mostly Latin text is null."""
    half = len(sample) // 2
    if half < 2 or b"\0" not in sample:
        return None
    if sample[1::2].count(0) > 0.6 * half and sample[0::2].count(0) < 0.05 * half:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.6 * half and sample[1::2].count(0) < 0.05 * half:
        return "utf-16-be"
    return None


def _guess(data: bytes) -> str | None:
    import charset_normalizer

    sample = data[:SAMPLE_BYTES]
    runs = HIGH_RUN.findall(sample)
    if sum(map(len, runs)) < LATIN_RUN * len(runs):
        # Short Western texts are guessed as Big5 or cp1250; a few accents are nearly always this.
        return data.decode("cp1252", "replace")
    best = charset_normalizer.from_bytes(sample).best()
    return data.decode(best.encoding, "replace") if best else None
