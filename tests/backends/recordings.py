"""The recorded responses in ``wire/``."""

import re
from pathlib import Path

WIRE = Path(__file__).parent / "wire"


def recorded(server: str, name: str) -> tuple[int, bytes]:
    """Status and body of the response ``name`` of ``server`` ("vllm" or "llamacpp")."""
    data = (WIRE / server / f"{name}.response.txt").read_bytes().replace(b"\r\n", b"\n", 40)
    head, _, body = data.partition(b"\n\n")
    return int(head.split()[1]), body


def whole(server: str, name: str) -> bytes:
    """The response ``name`` of ``server`` with its head, but for its length: paths of the machine
    that recorded it were shortened."""
    data = (WIRE / server / f"{name}.response.txt").read_bytes()
    return re.sub(rb"(?im)^content-length:.*\r?\n", b"", data, count=1)
