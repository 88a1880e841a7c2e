"""The models of the inference process, loaded in the background so that it answers at once."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from chatapp.inference.turnstile import Gate, Turnstile
from guardrails.classifier import Classifier
from rag.encoder import MOST_THREADS, Encoder, Vectors

log = logging.getLogger(__name__)

# A question, or the passages of a turn; more is a document's.
FEW_TEXTS = 8
JUDGE_WEIGHTS = settings.BASE_DIR / "guardrails" / "weights"


@dataclass(frozen=True, slots=True)
class Models:
    """What the process answers with. The judge was trained on the vectors of one encoder, so it
    keeps that one when a site embeds its documents with another."""

    encoder: Encoder
    judge: Classifier
    turnstile: Turnstile

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Before longer requests if the texts are few."""
        return self.encoder.encode(texts, Gate(self.turnstile, hurried=is_short(len(texts))))


def is_short(texts: int) -> bool:
    return texts <= FEW_TEXTS


def load() -> Models:
    """Export what is missing and load everything. Raises RuntimeError with a sentence, or what
    Encoder and Classifier raise where a file is not whole."""
    cores = os.cpu_count() or 1
    turnstile = Turnstile(max(1, cores // MOST_THREADS))
    judge_encoder = encoder = Encoder(exported("embedder", settings.EMBEDDING_MODEL))
    if settings.EMBEDDING_MODEL:
        judge_encoder = Encoder(exported("judge-embedder", ""))

    def encode(texts: Sequence[str]) -> Vectors:
        # Somebody waits for every verdict, and a stream stands still for it.
        return judge_encoder.encode(texts, Gate(turnstile, hurried=True))

    return Models(encoder, Classifier.load(JUDGE_WEIGHTS, encode), turnstile)


def exported(name: str, source: str) -> Path:
    """The folder of the exported model, made if missing by a process that ends: the gigabyte
    that the export takes is not kept by this one."""
    folder: Path = settings.VAR_DIR / "models" / name
    command = [
        sys.executable,
        "-m",
        "chatapp.inference.export",
        *([source] if source else []),
        str(folder),
    ]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"The export of {name} failed.")
    return folder


class Loader:
    """Loads in a thread of its own. ``models`` is None until that is done."""

    def __init__(self, load: Callable[[], Models], failed: Callable[[], None]) -> None:
        """``failed`` is called, after the reason was logged, if there will be no models."""
        self.models: Models | None = None
        self._load = load
        self._failed = failed

    def start(self) -> None:
        threading.Thread(target=self._run, name="loader", daemon=True).start()

    def _run(self) -> None:
        try:
            self.models = self._load()
        except Exception as error:  # noqa: BLE001  whatever it was, the process must end and say so
            log.error("The models cannot be loaded: %s", error)  # noqa: TRY400  a sentence suffices
            self._failed()
