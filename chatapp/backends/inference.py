"""Our own inference process: embeddings for rag, and the embedded judge for the guard."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import orjson
import urllib3

from chatapp.backends.errors import BackendError, Malformed
from chatapp.backends.server import Server, valid
from guardrails.verdict import Finding, JudgeError, Subject, Verdict
from rag.embed import EmbeddingError

TEXTS_A_REQUEST = 64
# While the process starts it answers 503 for a moment; its work can be repeated safely.
RETRIES = urllib3.Retry(
    total=4,
    backoff_factor=0.2,
    status_forcelist=[503],
    allowed_methods=None,
    raise_on_status=False,
    redirect=False,
)


class InferenceEmbedder:
    """A :class:`rag.embed.Embedder` over HTTP; threads may share it."""

    def __init__(self, url: str, timeout: float = 60.0) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(
            maxsize=16, timeout=urllib3.Timeout(connect=5.0, read=timeout), retries=RETRIES
        )
        self._lock = threading.Lock()
        self._model: tuple[str, int] | None = None

    @property
    def name(self) -> str:
        """Asked of the process once. Raises EmbeddingError."""
        return self._described()[0]

    @property
    def dimensions(self) -> int:
        return self._described()[1]

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        for start in range(0, len(texts), TEXTS_A_REQUEST):
            vectors += self._embed(texts[start : start + TEXTS_A_REQUEST])
        return vectors

    def close(self) -> None:
        """Close the connections that are kept; they open again when needed."""
        self._pool.clear()

    def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        name, dimensions = self._described()
        body = {"model": name, "input": [valid(text) for text in texts]}
        answer = self._ask("POST", "/v1/embeddings", body)
        try:
            vectors: list[list[float]] = [item["embedding"] for item in answer["data"]]
            sizes = [len(vector) for vector in vectors]
        except (KeyError, TypeError):
            sizes = []
        if sizes != [dimensions] * len(texts):
            raise EmbeddingError("The embedding service sent an answer that makes no sense.")
        return vectors

    def _described(self) -> tuple[str, int]:
        with self._lock:
            if self._model is None:
                listed = self._ask("GET", "/v1/models")
                try:
                    model = next(m for m in listed["data"] if m["kind"] == "embedding")
                    self._model = model["id"], model["dimensions"]
                except (KeyError, TypeError, StopIteration):
                    raise EmbeddingError("The embedding service serves no model.") from None
            return self._model

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = orjson.dumps(body) if body is not None else None
        try:
            answer = self._pool.request(method, self._url + path, body=data)
            value = orjson.loads(answer.data)
        except urllib3.exceptions.HTTPError as error:
            raise EmbeddingError(
                "The embedding service cannot be reached. Try again in a minute."
            ) from error
        except orjson.JSONDecodeError as error:
            raise EmbeddingError(f"The embedding service answered {answer.status}.") from error
        if answer.status == 404:
            self._model = None  # it was restarted with another model
        if answer.status != 200:
            raise EmbeddingError(f"The embedding service refused: {sentence(value)}")
        return value


class InferenceJudge:
    """The embedded judge; ``version`` is the judge model's id, "unknown" before it was asked."""

    name = "embedded"

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.version = "unknown"
        self._server = Server(url, timeout)

    async def judge(self, subject: Subject) -> Verdict:
        began = monotonic()
        body = {"input": [{"stage": subject.stage, "text": valid(subject.text)}]}
        try:
            answer = await self._server.json("POST", "/v1/moderations", body)
            found = findings(answer)
        except BackendError as error:
            raise JudgeError(f"The embedded judge gave no verdict: {error}") from error
        self.version = str(answer.get("model", self.version))
        return Verdict(self.name, self.version, found, seconds=monotonic() - began)


def findings(answer: Any) -> tuple[Finding, ...]:
    """The findings for the one text that was sent. Raises Malformed; never guesses "none"."""
    with suppress(KeyError, TypeError, ValueError):
        (result,) = answer["results"]
        found = tuple(Finding(str(f["category"]), float(f["score"])) for f in result["findings"])
        if all(0 <= finding.score <= 1 for finding in found):
            return found
    raise Malformed("an answer that makes no sense")


def sentence(answer: Any) -> str:
    """The message in an error of the inference process."""
    with suppress(KeyError, TypeError):
        return str(answer["error"]["message"])
    return "it does not say why."
