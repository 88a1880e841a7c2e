"""Parts that a turn works with, as it sees them."""

from collections.abc import Sequence
from typing import Protocol

from rag.passage import Passage


class Model(Protocol):
    """The model that answers, and its limits in its own tokens: ``answer_tokens`` are kept free
    for the answer, which may take up to ``answer_most`` where the prompt leaves room."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def demo(self) -> bool: ...
    @property
    def context_tokens(self) -> int: ...
    @property
    def answer_tokens(self) -> int: ...
    @property
    def answer_most(self) -> int: ...
    @property
    def sees(self) -> bool: ...


class Search(Protocol):
    """Finds passages, best first. Raises rag.passage.RagError."""

    def retrieve(
        self, question: str, collections: Sequence[str], limit: int
    ) -> tuple[Passage, ...]: ...
