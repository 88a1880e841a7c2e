"""The embedded judge: small heads on the vectors of a frozen sentence encoder.

It needs no server and no network, so that nobody is ever unguarded. ``weights/MODEL_CARD.md``
says what it was trained on, how good it is and where it fails. A head is a perceptron with one
hidden layer; its scores are calibrated so that 0.5 is where it changes its mind.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guardrails.verdict import CATEGORIES, INJECTION, Finding, Stage

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

CODES = tuple(CATEGORIES)
# Advice is asked for in good faith: it has a score of its own beside the one for harm.
ADVICE = CODES.index("S6")
HEADS: Mapping[Stage, tuple[str, ...]] = {
    Stage.REQUEST: ("request", "injection"),
    Stage.RESPONSE: ("response",),
    Stage.PASSAGE: ("injection",),
}
# A vector blurs what a long text says, so that it is also read in parts: sentences, joined up to
# this length. An instruction that hides in a document may be one short sentence of it.
PART_CHARS: Mapping[Stage, int] = {Stage.REQUEST: 224, Stage.RESPONSE: 224, Stage.PASSAGE: 0}
# The encoder reads 256 tokens, and a Chinese character is one: no part may be longer.
LONGEST_PART = 224
# Shorter bits, such as list marks, say nothing by themselves.
SHORTEST_PART = 24
LEAST_SCORE = 0.05
BREAK = re.compile(r"(?<=[.!?:;])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Head:
    """float32 arrays: ``w1`` (dimensions, hidden), ``b1`` (hidden,), ``w2`` (hidden, outputs),
    ``b2`` (outputs,)."""

    w1: NDArray[np.float32]
    b1: NDArray[np.float32]
    w2: NDArray[np.float32]
    b2: NDArray[np.float32]

    def scores(self, vectors: Vectors) -> NDArray[np.float32]:
        """Probabilities of shape (len(vectors), outputs)."""
        return np.asarray(1 / (1 + np.exp(-self.logits(vectors))), dtype=np.float32)

    def logits(self, vectors: Vectors) -> NDArray[np.float32]:
        hidden = np.maximum(vectors @ self.w1 + self.b1, 0)
        return np.asarray(np.clip(hidden @ self.w2 + self.b2, -30, 30), dtype=np.float32)


class Classifier:
    """Findings of the heads that belong to a stage. Safe to call from several threads."""

    def __init__(self, heads: Mapping[str, Head], version: str, encode: Encode) -> None:
        self.version = version
        self._heads = heads
        self._encode = encode

    @classmethod
    def load(cls, folder: Path, encode: Encode) -> "Classifier":
        """``encode`` must be the encoder that ``meta.json`` names.

        Raises OSError, KeyError or ValueError if ``folder`` holds no weights.
        """
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        with np.load(folder / "heads.npz") as arrays:
            heads = {
                name: Head(*(arrays[f"{name}.{part}"] for part in ("w1", "b1", "w2", "b2")))
                for name in ("request", "response", "injection")
            }
        return cls(heads, meta["version"], encode)

    def findings(self, stage: Stage, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        """For each text its categories, strongest first; those near zero are left out."""
        parted = [parts(text, PART_CHARS[stage]) for text in texts]
        if not parted:
            return []
        vectors = self._encode([part for each in parted for part in each])
        found: list[tuple[Finding, ...]] = []
        at = 0
        for each in parted:
            scores = self._scores(stage, vectors[at : at + len(each)])
            at += len(each)
            found.append(_findings(scores))
        return found

    def _scores(self, stage: Stage, vectors: Vectors) -> Mapping[str, float]:
        """The highest of a text's parts for each category."""
        scores: dict[str, float] = {}
        for name in HEADS[stage]:
            output = self._heads[name].scores(vectors)
            if name == "injection":
                scores[INJECTION] = float(output[:, 0].max())
            else:
                scores |= zip(CODES, categories(output).max(axis=0).tolist(), strict=True)
        return scores


def categories(output: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores by category, of shape (n, 14), from a hazard head's output: harm, then categories.

    How harmful a text is, and of which kind, are learnt apart: few sets say both. The likeliest
    category takes the score of harm, the others their share of it.
    """
    harm, kinds = output[:, :1], output[:, 1:].copy()
    advice = kinds[:, ADVICE].copy()
    kinds[:, ADVICE] = 0
    scores = harm * kinds / np.maximum(kinds.max(axis=1, keepdims=True), 1e-6)
    scores[:, ADVICE] = advice
    return np.asarray(scores, dtype=np.float32)


def parts(text: str, length: int) -> list[str]:
    """``text``, and if it is longer than ``length`` its sentences, joined up to that length; a
    sentence longer than LONGEST_PART is cut. All of the text is in a part."""
    cut = [] if len(text) <= length else list(_cut(text, length))
    return [text, *cut] if len(cut) > 1 else [text]


def _cut(text: str, length: int) -> Iterator[str]:
    part = ""
    for sentence in BREAK.split(text):
        for start in range(0, len(sentence), LONGEST_PART):
            piece = sentence[start : start + LONGEST_PART]
            if len(part) >= SHORTEST_PART and len(part) + len(piece) > length:
                yield part
                part = ""
            part = f"{part} {piece}".strip()
    if part:
        yield part


def _findings(scores: Mapping[str, float]) -> tuple[Finding, ...]:
    found = [Finding(code, score) for code, score in scores.items() if score >= LEAST_SCORE]
    return tuple(sorted(found, key=lambda finding: -finding.score))
