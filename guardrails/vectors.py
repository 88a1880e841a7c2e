"""An encoder with a memory on disk, for training and measuring: encoding is all that is slow."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from guardrails.classifier import Encode, Vectors

BATCH = 2048


class Remembered:
    """``encode``, which asks for no text twice. Files in ``folder``, one for each batch; a
    folder is for one encoder only."""

    def __init__(self, encode: Encode, folder: Path) -> None:
        self._encode = encode
        self._folder = folder
        self._known: dict[str, Vectors] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for names in sorted(folder.glob("*.json")):
            keys = json.loads(names.read_text(encoding="utf-8"))
            self._known |= zip(keys, np.load(names.with_suffix(".npy")), strict=True)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        # By length, so that little is padded.
        waiting = sorted(new, key=lambda key: len(new[key]))
        for start in range(0, len(waiting), BATCH):
            self._learn(waiting[start : start + BATCH], new)
        return np.stack([self._known[key] for key in keys]).astype(np.float32)

    def _learn(self, keys: list[str], texts: dict[str, str]) -> None:
        vectors = self._encode([texts[key] for key in keys])
        name = self._folder / keys[0]
        np.save(name.with_suffix(".npy"), vectors)
        name.with_suffix(".json").write_text(json.dumps(keys), encoding="utf-8")
        self._known |= zip(keys, vectors, strict=True)
