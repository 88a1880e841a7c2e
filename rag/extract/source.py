"""What a format's reader is given."""

from dataclasses import dataclass, field

from rag.extract.limits import Limits


@dataclass(frozen=True, slots=True)
class Source:
    """A file's bytes, its name's suffix in lower case (".md", a mere hint) and the limits."""

    data: bytes
    suffix: str = ""
    limits: Limits = field(default_factory=Limits)
