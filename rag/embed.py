"""What an embedder is. Implementations live where their wires are."""

from collections.abc import Sequence
from typing import Protocol

from rag.passage import RagError


class EmbeddingError(RagError):
    """Texts could not be embedded; ``str(error)`` is a sentence for a person."""


class Embedder(Protocol):
    """Turns texts into vectors. ``name`` tells models apart whose vectors must never meet."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of unit length and ``dimensions`` numbers a text, in order.

        Raises EmbeddingError.
        """
        ...
