"""The inference process: what it answers, what it refuses, and in which order it works."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest
from django.conf import settings
from starlette.testclient import TestClient

from chatapp.inference import models as module
from chatapp.inference.app import make_app
from chatapp.inference.models import FEW_TEXTS, Loader, Models
from chatapp.inference.requests import MOST_BYTES, MOST_CHARS, MOST_TEXTS
from chatapp.inference.turnstile import Gate, Turnstile
from guardrails.classifier import Classifier, Head, Vectors
from rag.encoder import Encoder
from rag.export import export, wheel_folder

INPUT = [{"stage": "request", "text": "Hello"}]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(export(wheel_folder(), settings.VAR_DIR / "models" / "embedder"))


def judge(encoder: Encoder) -> Classifier:
    """A real classifier, whose heads nobody trained."""
    random = np.random.default_rng(7)

    def head(outputs: int) -> Head:
        shapes = [(encoder.dimensions, 4), (4,), (4, outputs), (outputs,)]
        return Head(*(random.normal(size=shape).astype(np.float32) for shape in shapes))

    heads = {"request": head(15), "response": head(15), "injection": head(1)}
    return Classifier(heads, "judge-7", encoder.encode)


@pytest.fixture
def client(encoder: Encoder) -> Iterator[TestClient]:
    loader = Loader(lambda: Models(encoder, judge(encoder), Turnstile()), failed=pytest.fail)
    with TestClient(make_app(loader)) as running:
        wait_until_ready(running)
        yield running


def wait_until_ready(client: TestClient) -> None:
    while client.get("/ready").status_code != 200:
        threading.Event().wait(0.001)


def test_embeddings_come_in_openais_shape(client: TestClient, encoder: Encoder) -> None:
    texts = ["one text", "another text", "one text"]
    answer = client.post("/v1/embeddings", json={"input": texts, "model": encoder.name}).json()
    assert answer["model"] == encoder.name
    assert [item["index"] for item in answer["data"]] == [0, 1, 2]
    vectors = np.array([item["embedding"] for item in answer["data"]])
    assert np.allclose(vectors, encoder.encode(texts), atol=1e-6)


def test_a_single_text_may_stand_by_itself(client: TestClient) -> None:
    assert len(client.post("/v1/embeddings", json={"input": "text"}).json()["data"]) == 1


def test_another_models_vectors_are_refused(client: TestClient) -> None:
    answer = client.post("/v1/embeddings", json={"input": "text", "model": "other"})
    assert answer.status_code == 404
    assert "not that model" in answer.json()["error"]["message"]


def test_findings_carry_scores(client: TestClient, encoder: Encoder) -> None:
    items = [{"stage": stage, "text": "Hello " * 200} for stage in ("request", "passage")]
    answer = client.post("/v1/moderations", json={"input": items}).json()
    assert answer["model"] == "judge-7"
    expected = judge(encoder).findings(items[0]["stage"], [items[0]["text"]])[0]  # type: ignore[arg-type]  # its value
    found = answer["results"][0]["findings"]
    assert [f["category"] for f in found] == [finding.category for finding in expected]
    assert [f["score"] for f in found] == pytest.approx([finding.score for finding in expected])
    assert len(answer["results"]) == 2


def test_it_lists_its_models(client: TestClient, encoder: Encoder) -> None:
    embedding, moderation = client.get("/v1/models").json()["data"]
    assert embedding == {
        "id": encoder.name,
        "object": "model",
        "kind": "embedding",
        "dimensions": 384,
        "max_tokens": 256,
    }
    assert (moderation["id"], moderation["kind"]) == ("judge-7", "moderation")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("embeddings", []),
        ("embeddings", None),
        ("embeddings", {}),
        ("embeddings", 5),
        ("embeddings", ["text", 5]),
        ("embeddings", [[1, 2]]),
        ("embeddings", ["x"] * (MOST_TEXTS + 1)),
        ("embeddings", ["x" * (MOST_CHARS + 1)]),
        ("moderations", []),
        ("moderations", None),
        ("moderations", "text"),
        ("moderations", ["text"]),
        ("moderations", [{"text": "no stage"}]),
        ("moderations", [{"stage": "request"}]),
        ("moderations", [{"stage": "other", "text": "x"}]),
        ("moderations", [{"stage": [], "text": "x"}]),
        ("moderations", [{"stage": "request", "text": 5}]),
        ("moderations", [{"stage": "request", "text": "x", "more": 1}]),
        ("moderations", [*INPUT, {"stage": "request", "text": "x" * (MOST_CHARS + 1)}]),
    ],
)
def test_bad_input_is_refused_in_a_sentence(client: TestClient, path: str, value: object) -> None:
    answer = client.post(f"/v1/{path}", json={"input": value})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"input": "\\ud800"}', 400),
        (b'{"input": "' + b"x" * MOST_BYTES, 413),
    ],
)
def test_bodies_that_are_none_are_refused(client: TestClient, body: bytes, status: int) -> None:
    answer = client.post("/v1/embeddings", content=body)
    assert answer.status_code == status
    assert "message" in answer.json()["error"]


def test_it_is_live_before_it_is_ready(encoder: Encoder) -> None:
    loaded = threading.Event()

    def load() -> Models:
        loaded.wait(10)
        return Models(encoder, judge(encoder), Turnstile())

    with TestClient(make_app(Loader(load, failed=pytest.fail))) as client:
        assert client.get("/live").status_code == 200
        for answer in (
            client.get("/ready"),
            client.get("/v1/models"),
            client.post("/v1/embeddings", json={"input": "x"}),
            client.post("/v1/moderations", json={"input": INPUT}),
        ):
            assert answer.status_code == 503
            assert answer.json()["error"]["message"] == "The models are being loaded."
        loaded.set()
        wait_until_ready(client)


def test_models_that_cannot_be_loaded_end_the_process_in_a_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = threading.Event()

    def load() -> Models:
        raise RuntimeError("No space left on device.")

    with TestClient(make_app(Loader(load, failed.set))) as client:
        assert failed.wait(10)
        assert client.get("/ready").status_code == 503
    assert "The models cannot be loaded: No space left on device." in caplog.text


def test_a_question_does_not_wait_for_a_document(encoder: Encoder) -> None:
    slow = Slow(encoder)
    models = Models(slow, judge(encoder), Turnstile())  # type: ignore[arg-type]  # an encoder that waits
    with TestClient(make_app(Loader(lambda: models, failed=pytest.fail))) as client:
        wait_until_ready(client)
        document = threading.Thread(target=embed, args=(client, ["long"] * (FEW_TEXTS + 1)))
        document.start()
        assert slow.first_was_entered.wait(10)
        question = threading.Thread(target=embed, args=(client, ["short"]))
        question.start()
        while not models.turnstile.waiting:
            threading.Event().wait(0.001)
        slow.go.set()
        question.join(10)
        document.join(10)
    assert slow.order[:2] == ["long", "short"]
    assert slow.order.count("long") == FEW_TEXTS + 1


def embed(client: TestClient, texts: list[str]) -> None:
    assert client.post("/v1/embeddings", json={"input": texts}).status_code == 200


class Slow:
    """The encoder, held up in its first text until the test lets it go."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self.order: list[str] = []
        self.first_was_entered = threading.Event()
        self.go = threading.Event()

    def encode(self, texts: Sequence[str], gate: Gate) -> Vectors:
        for text in texts:
            with gate:
                self.order.append(text)
                self.first_was_entered.set()
                self.go.wait(10)
        return np.zeros((len(texts), 1), dtype=np.float32)


def test_a_model_that_is_missing_is_exported_and_a_failure_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "VAR_DIR", tmp_path)
    with pytest.raises(RuntimeError, match="is no sentence-transformers model folder"):
        module.exported("embedder", str(tmp_path))


def test_the_export_ends_with_the_process_that_waits_for_it(tmp_path: Path) -> None:
    program = (
        "import pathlib\n"
        "from django.conf import settings\n"
        "from chatapp.inference.models import exported\n"
        "settings.VAR_DIR = pathlib.Path(%r)\n"
        "exported('embedder', '')\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program % str(tmp_path)])
    while not list(tmp_path.glob("models/.embedder-*")):
        assert parent.poll() is None
    (child,) = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    child.wait(10)
    assert not (tmp_path / "models" / "embedder").exists()


def test_a_site_with_its_own_embedding_model_keeps_the_judges(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def exported(name: str, source: str) -> Path:
        asked.append((name, source))
        folder: Path = settings.VAR_DIR / "models" / "embedder"
        return folder

    monkeypatch.setattr(settings, "EMBEDDING_MODEL", "/models/own")
    monkeypatch.setattr(module, "exported", exported)
    monkeypatch.setattr(Classifier, "load", lambda _, encode: Classifier({}, "judge", encode))
    module.load()
    assert asked == [("embedder", "/models/own"), ("judge-embedder", "")]
