"""A small encoder that needs no model: vectors of the words that a text has."""

import hashlib
from collections.abc import Sequence

import numpy as np

from guardrails.classifier import Vectors

DIMENSIONS = 64


def words(texts: Sequence[str]) -> Vectors:
    """Unit vectors with a few bits for each word; the same word always has the same bits."""
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            for byte in hashlib.sha256(word.strip(".,?!").encode()).digest()[:3]:
                vectors[row, byte % DIMENSIONS] += 1
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)
