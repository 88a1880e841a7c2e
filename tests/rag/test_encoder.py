"""The encoder agrees with sentence-transformers and needs none of it."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from rag.encoder import Encoder
from rag.export import export, wheel_folder

SENTENCES = (
    "How many days of annual leave do I have?",
    "Employees accrue 2.5 days of paid leave for every month of service, up to 30 days a year.",
    "Reset the router by holding its button for ten seconds.",
    "The quarterly report shows revenue of 4.2 million euros, an increase of 11 percent.",
    "Visitors sign in at reception and wear their badge at all times.",
    "In case of fire, leave by the nearest exit; do not use the lifts.",
    "Wie viele Urlaubstage habe ich?",
    "A parent may take up to sixteen weeks of parental leave, of which six are fully paid. The "
    "request is made to the line manager at least two months ahead, and the payroll office "
    "confirms it in writing. Leave that is not taken within the child's first year is forfeited, "
    "unless illness of the parent or of the child prevented it.",
    "Expenses above 50 euros need a receipt.",
    "Passwords are at least fourteen characters long and never shared.",
    "x",
    "The on-call engineer answers a page within fifteen minutes, day and night.",
)


@pytest.fixture(scope="module")
def folder() -> Path:
    return export(wheel_folder(), settings.VAR_DIR / "models" / "embedder")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder(folder)


@pytest.fixture(scope="module")
def original() -> np.ndarray:
    """What sentence-transformers makes of SENTENCES and of a text beyond the model's length."""
    program = (
        "import json, sys, numpy\n"
        "from sentence_transformers import SentenceTransformer\n"
        "model = SentenceTransformer(sys.argv[1], device='cpu', local_files_only=True)\n"
        "vectors = model.encode(json.load(sys.stdin), normalize_embeddings=True)\n"
        "numpy.save(sys.argv[2], vectors)\n"
    )
    out = settings.VAR_DIR / "original.npy"
    command = [sys.executable, "-c", program, str(wheel_folder()), str(out)]
    texts = json.dumps([*SENTENCES, long_text()]).encode()
    subprocess.run(command, input=texts, check=True, capture_output=True)
    vectors: np.ndarray = np.load(out)
    return vectors


def long_text() -> str:
    return " ".join(SENTENCES * 4)


def test_it_agrees_with_the_original_model(encoder: Encoder, original: np.ndarray) -> None:
    cosines = (encoder.encode([*SENTENCES, long_text()]) * original).sum(axis=1)
    assert cosines.mean() >= 0.99
    assert cosines.min() >= 0.98


def test_it_ranks_texts_as_the_original_model_does(encoder: Encoder, original: np.ndarray) -> None:
    question, candidates = 0, slice(1, len(SENTENCES))
    ours = encoder.encode(SENTENCES)
    best = int(np.argmax(ours[candidates] @ ours[question])) + 1
    assert SENTENCES[best].startswith("Employees accrue")
    assert best == int(np.argmax(original[candidates][: len(SENTENCES) - 1] @ original[0])) + 1


def test_vectors_have_unit_length(encoder: Encoder) -> None:
    vectors = encoder.encode([*SENTENCES, "", " \n", "漢字かな", "\ud800 alone"])
    assert vectors.shape == (len(SENTENCES) + 4, encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_a_text_is_cut_at_the_length_that_the_model_was_made_for(encoder: Encoder) -> None:
    words = ["leave"] * (encoder.max_tokens - 2)
    whole, longer = encoder.encode([" ".join(words), " ".join([*words, "fire", "exit"])])
    assert encoder.max_tokens == 256
    assert np.allclose(whole, longer, atol=1e-5)


def test_a_text_has_the_same_vector_whatever_its_neighbours(encoder: Encoder) -> None:
    texts = [*SENTENCES, long_text()]
    alone = np.vstack([encoder.encode([text]) for text in texts])
    assert np.array_equal(encoder.encode(texts), alone)
    assert np.array_equal(encoder.encode(texts[::-1]), alone[::-1])


def test_the_gate_opens_for_each_text(encoder: Encoder) -> None:
    gate = CountingGate()
    encoder.encode(["text"] * 3, gate)
    assert gate.opened == 3


class CountingGate:
    def __init__(self) -> None:
        self.opened = 0

    def __enter__(self) -> None:
        self.opened += 1

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""


def test_threads_may_share_it(encoder: Encoder) -> None:
    expected = encoder.encode(SENTENCES)
    results: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: results.append(encoder.encode(SENTENCES))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.allclose(result, expected, atol=1e-6) for result in results)


def test_loading_and_running_it_imports_no_torch(folder: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from rag.encoder import Encoder\n"
        "Encoder(pathlib.Path(sys.argv[1])).encode(['text'])\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert done.stderr == ""


def test_half_an_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"config\.json"):
        Encoder(tmp_path)
