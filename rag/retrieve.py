"""From a question to passages: embed it, ask the given collections, fetch the rows' texts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rag.embed import Embedder
from rag.passage import Hit, Passage
from rag.store import index_name

# Hits whose row is gone are dropped, so some more are asked for.
SPARE = 2

Load = Callable[[Sequence[str]], Mapping[str, Passage]]


class Index(Protocol):
    """What retrieval asks of a vector store."""

    def query(self, indexes: Sequence[str], vector: Sequence[float], limit: int) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class Retriever:
    """``load`` gives the passages of vector ids, as the rows hold them now; an id that it does
    not give is gone, or is not to be read any more."""

    embedder: Embedder
    store: Index
    load: Load

    def retrieve(
        self, question: str, collections: Sequence[str], limit: int
    ) -> tuple[Passage, ...]:
        """At most ``limit`` passages of these collections (ids), best first; their score is the
        cosine of question and passage. Raises EmbeddingError and StoreError."""
        if not collections or not question.strip() or limit < 1:
            return ()
        vector = self.embedder.embed([question])[0]
        indexes = [index_name(collection, self.embedder.name) for collection in collections]
        hits = self.store.query(indexes, vector, limit * SPARE)
        passages = self.load([hit.vector_id for hit in hits]) if hits else {}
        found = [
            replace(passages[hit.vector_id], score=hit.score)
            for hit in hits
            if hit.vector_id in passages
        ]
        return tuple(found[:limit])
