"""Vectors, in a Chroma server. This is the only module that knows Chroma.

One Chroma collection (here: an index) holds the vectors of one library collection by one
embedding model, so that who may read a collection is part of the query itself. Chroma gets ids
and vectors, nothing else: no words, and no function of its own to embed with. What it loses can
be made again from the rows.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from rag.passage import Hit, RagError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
TIMEOUT_SECONDS = 30.0
# Chroma answers with this many ids at most in one request for them; larger ones are parted.
LOOKUP_BATCH = 1000


class StoreError(RagError):
    """The vector store did not answer; ``str(error)`` is a sentence for a person."""


def index_name(collection_id: str, embedder_name: str) -> str:
    """The index of a collection's vectors by an embedder: vectors of two models never meet."""
    model = hashlib.sha256(embedder_name.encode()).hexdigest()[:12]
    return f"c-{collection_id}-{model}"


def _says_what_failed(
    method: Callable[Concatenate["VectorStore", Parameters], Result],
) -> Callable[Concatenate["VectorStore", Parameters], Result]:
    """Turns whatever Chroma and its HTTP client raise into a StoreError."""

    @wraps(method)
    def checked(
        self: "VectorStore", /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        import httpx
        from chromadb.errors import ChromaError

        try:
            return method(self, *args, **kwargs)
        except (ChromaError, httpx.HTTPError, ValueError) as error:
            raise StoreError(f"The vector store at {self.url} did not answer: {error}") from error

    return checked


class VectorStore:
    """The indexes of one Chroma server. Threads may share it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client: Any = None
        self._known: dict[str, Any] = {}
        self._lock = threading.Lock()

    @_says_what_failed
    def add(self, index: str, ids: Sequence[str], vectors: Sequence[Sequence[float]]) -> None:
        """Put vectors under ids; the same ids again replace them. Makes the index where it is
        missing, or where the server has lost it."""
        client = self._connected()
        step = client.get_max_batch_size()
        for start in range(0, len(ids), step):
            work = partial(_upsert, ids[start : start + step], vectors[start : start + step])
            self._in_index(index, work, create=True)

    @_says_what_failed
    def query(self, indexes: Sequence[str], vector: Sequence[float], limit: int) -> list[Hit]:
        """The nearest vectors of all ``indexes`` together, best first, at most ``limit``; an
        index that is missing has none."""
        hits: dict[str, Hit] = {}
        for index in dict.fromkeys(indexes):
            found = self._in_index(
                index,
                lambda held: held.query(
                    query_embeddings=[list(vector)], n_results=limit, include=["distances"]
                ),
            )
            if found:
                pairs = zip(found["ids"][0], found["distances"][0], strict=True)
                hits.update((vector_id, Hit(vector_id, 1 - far)) for vector_id, far in pairs)
        return sorted(hits.values(), key=lambda hit: (-hit.score, hit.vector_id))[:limit]

    @_says_what_failed
    def delete(self, index: str, ids: Sequence[str]) -> None:
        """Take the vectors of ``ids`` out; those that are not there do not matter."""
        for start in range(0, len(ids), LOOKUP_BATCH):
            self._in_index(index, partial(_delete, ids[start : start + LOOKUP_BATCH]))

    @_says_what_failed
    def drop(self, index: str) -> None:
        """Take the whole index out; one that is not there does not matter."""
        from chromadb.errors import NotFoundError

        self._known.pop(index, None)
        try:
            self._connected().delete_collection(index)
        except NotFoundError:
            return

    @_says_what_failed
    def missing(self, index: str, ids: Sequence[str]) -> set[str]:
        """Those of ``ids`` that have no vector."""
        absent = set(ids)
        for start in range(0, len(ids), LOOKUP_BATCH):
            found = self._in_index(index, partial(_get, ids[start : start + LOOKUP_BATCH]))
            absent.difference_update(found["ids"] if found else ())
        return absent

    @_says_what_failed
    def count(self, index: str) -> int:
        """How many vectors the index holds; 0 where it is missing."""
        return self._in_index(index, lambda held: held.count()) or 0

    def _in_index(self, index: str, work: Callable[[Any], Any], create: bool = False) -> Any:
        """What ``work`` gives for Chroma's collection; None where it is missing.

        A collection that we remember may have been lost or replaced since: asked for once more.
        """
        from chromadb.errors import NotFoundError

        if index in self._known:
            try:
                return work(self._known[index])
            except NotFoundError:
                self._known.pop(index, None)
        try:
            held = self._made(index) if create else self._found(index)
            result = work(held)
        except NotFoundError:
            return None
        self._known[index] = held
        return result

    def _found(self, index: str) -> Any:
        return self._connected().get_collection(index, embedding_function=None)

    def _made(self, index: str) -> Any:
        return self._connected().get_or_create_collection(
            index, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _connect(self.url)
            return self._client


def _upsert(ids: Sequence[str], vectors: Sequence[Sequence[float]], held: Any) -> None:
    held.upsert(ids=list(ids), embeddings=[list(vector) for vector in vectors])


def _delete(ids: Sequence[str], held: Any) -> None:
    held.delete(ids=list(ids))


def _get(ids: Sequence[str], held: Any) -> Any:
    return held.get(ids=list(ids), include=[])


def _connect(url: str) -> Any:
    import chromadb
    import httpx
    from chromadb.config import Settings

    # Chroma waits without end for its server, and has no setting for that: one that hangs is
    # found out before the client asks it anything, and later by the time limit below.
    httpx.get(f"{url.rstrip('/')}/api/v2/heartbeat", timeout=TIMEOUT_SECONDS).raise_for_status()
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    client = chromadb.HttpClient(
        host=parts.hostname or "localhost",
        port=parts.port or (443 if tls else 80),
        ssl=tls,
        settings=Settings(anonymized_telemetry=False),
    )
    session: httpx.Client = client._server._session  # type: ignore[attr-defined]
    session.timeout = httpx.Timeout(TIMEOUT_SECONDS)
    return client
