"""What a file may cost to read."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one parser process and of what it gives back.

    ``memory_bytes`` is address space; ``cpu_seconds`` is processor time and ``wall_seconds``
    what a person waits; ``chars`` bounds the text that comes out and ``pages`` its pages;
    ``members`` and ``unpacked_bytes`` bound an archive, and ``ratio`` how many times bigger
    than the file its contents may be, once they pass ``ratio_from_bytes``.
    """

    memory_bytes: int = 1024 * MIB
    cpu_seconds: int = 120
    wall_seconds: float = 180.0
    chars: int = 10_000_000
    pages: int = 5_000
    members: int = 10_000
    unpacked_bytes: int = 400 * MIB
    ratio: int = 200
    ratio_from_bytes: int = 32 * MIB
