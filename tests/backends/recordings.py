"""The recorded responses in ``wire/``."""

from pathlib import Path

WIRE = Path(__file__).parent / "wire"


def recorded(server: str, name: str) -> tuple[int, bytes]:
    """Status and body of the response ``name`` of ``server`` ("vllm" or "llamacpp")."""
    data = (WIRE / server / f"{name}.response.txt").read_bytes().replace(b"\r\n", b"\n", 40)
    head, _, body = data.partition(b"\n\n")
    return int(head.split()[1]), body
