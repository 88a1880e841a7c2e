"""Trains the embedded judge's heads on vectors of a frozen encoder.

``scripts/train_judge.py`` gives it an encoder and the folder with the public data sets. Sets differ
in size a hundredfold and in how sure their labels are, so each counts for at most
``MOST_OF_A_SET`` texts, and harmful and harmless texts weigh the same in all. Several nets are
averaged into one. Last, scores are moved so that at most FALSE_ALARMS of the ordinary texts reach
0.5, in each of some sets that took no other part in training.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from guardrails import splits
from guardrails.classifier import CODES, PART_CHARS, Encode, Head, Vectors, parts
from guardrails.datasets import Example
from guardrails.splits import Reader
from guardrails.verdict import Stage

SEED = 20_241
NETS = 3
HIDDEN = 96
EPOCHS = 10
BATCH = 256
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 0.02
DROPOUT = 0.3
# Elements of a unit vector are small; nets learn faster from numbers around 1.
SCALE = 4.0
MOST_OF_A_SET = 3000
# Answers to odd tasks (tables, word lists, chess) stand in for documents: one in twenty of them may
# alarm, or nothing would.
FALSE_ALARMS = {Stage.REQUEST: 0.015, Stage.RESPONSE: 0.015, Stage.PASSAGE: 0.05}
ADVICE = "S6"
NEVER = -30.0  # a logit
Labels = NDArray[np.float32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Material:
    """What one head learns from: ``vectors`` (n, dimensions); ``labels`` (n, outputs), nan where
    unknown; ``weights`` (n,)."""

    vectors: Vectors
    labels: Labels
    weights: Floats


def train(folder: Path, encode: Encode, out: Path, facts: Mapping[str, str]) -> None:
    """Read the sets in ``folder``, train all heads and write them to ``out``.

    ``facts`` go into ``meta.json`` beside the weights: the version and the encoder's name.
    """
    torch.set_num_threads(1)  # the nets are so small that threads would only wait for each other
    sets = without_overlap(read(splits.TRAINING, folder), read(splits.HELD_OUT, folder))
    ordinary = read(splits.CALIBRATION, folder)
    heads = {
        "request": _hazard(sets, ordinary, Stage.REQUEST, encode),
        "response": _hazard(sets, ordinary, Stage.RESPONSE, encode),
        "injection": _injection(sets, ordinary, encode),
    }
    save(heads, facts, out)


def read(readers: Mapping[str, Reader], folder: Path) -> dict[str, list[Example]]:
    return {name: list(reader(folder)) for name, reader in readers.items()}


def without_overlap(
    sets: Mapping[str, list[Example]], others: Mapping[str, list[Example]]
) -> dict[str, list[Example]]:
    """``sets`` without the texts that ``others`` hold too: several sets quote one another."""
    taken = {_key(example.text) for examples in others.values() for example in examples}
    return {
        name: [example for example in examples if _key(example.text) not in taken]
        for name, examples in sets.items()
    }


def save(heads: Mapping[str, Head], facts: Mapping[str, str], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{name}.{part}": getattr(head, part).astype(np.float32)
        for name, head in heads.items()
        for part in ("w1", "b1", "w2", "b2")
    }
    np.savez_compressed(out / "heads.npz", **arrays)
    (out / "meta.json").write_text(json.dumps(dict(facts), indent=2) + "\n", encoding="utf-8")


def _hazard(
    sets: Mapping[str, list[Example]],
    ordinary: Mapping[str, list[Example]],
    stage: Stage,
    encode: Encode,
) -> Head:
    head = fit(material(sets, stage, 1 + len(CODES), encode))
    texts, share = calm(ordinary, stage, encode), FALSE_ALARMS[stage]
    head = with_threshold(head, 0, texts, share)
    advice = 1 + CODES.index(ADVICE)
    return head if head.b2[advice] == NEVER else with_threshold(head, advice, texts, share)


def _injection(
    sets: Mapping[str, list[Example]], ordinary: Mapping[str, list[Example]], encode: Encode
) -> Head:
    head = fit(material(sets, Stage.PASSAGE, 1, encode))
    # It reads requests too, and the threshold is to suit both.
    passages, requests = (
        with_threshold(head, 0, calm(ordinary, stage, encode), FALSE_ALARMS[stage])
        for stage in (Stage.PASSAGE, Stage.REQUEST)
    )
    return min(passages, requests, key=lambda each: float(each.b2[0]))


def calm(
    ordinary: Mapping[str, list[Example]], stage: Stage, encode: Encode
) -> list[list[Vectors]]:
    """For each set, for each harmless text of ``stage``, the vectors of its parts."""
    found: list[list[Vectors]] = []
    for examples in ordinary.values():
        texts = [e.text for e in examples if e.stage is stage and not e.unsafe]
        if texts:
            parted = [parts(text, PART_CHARS[stage]) for text in texts]
            vectors = encode([part for each in parted for part in each])
            found.append(np.split(vectors, np.cumsum([len(each) for each in parted])[:-1]))
    return found


def material(
    sets: Mapping[str, list[Example]], stage: Stage, outputs: int, encode: Encode
) -> Material:
    """All texts of ``stage``, with their labels for a head of ``outputs``."""
    examples: list[Example] = []
    weights: list[float] = []
    for each in sets.values():
        fitting = [part for example in each if example.stage is stage for part in _parted(example)]
        share = min(1.0, MOST_OF_A_SET / max(1, len(fitting)))
        examples += fitting
        weights += [example.weight * share for example in fitting]
    labels = np.array([_labels(example)[:outputs] for example in examples], dtype=np.float32)
    vectors = encode([example.text for example in examples])
    return Material(vectors, labels, np.array(weights, dtype=np.float32))


def _parted(example: Example) -> list[Example]:
    """A harmless passage counts with each of its sentences, as it will be read."""
    if example.unsafe or example.stage is not Stage.PASSAGE:
        return [example]
    return [replace(example, text=part) for part in parts(example.text, PART_CHARS[example.stage])]


def _labels(example: Example) -> list[float]:
    """Harm, then each category. Asking for advice does no harm."""
    codes = example.codes
    if not example.unsafe:
        return [0.0, *[0.0 for _ in CODES]]
    if codes is None:
        return [1.0, *[math.nan for _ in CODES]]
    return [float(codes != {ADVICE}), *[float(code in codes) for code in CODES]]


def fit(data: Material) -> Head:
    """Several nets from different seeds, as one net that gives the mean of their logits. An
    output of which there was no example is never given."""
    nets = [_net(data, SEED + number) for number in range(NETS)]
    unknown = ~(data.labels == 1).any(axis=0)
    w2 = np.concatenate([net.w2 / np.float32(NETS) for net in nets])
    b2 = np.asarray(np.mean([net.b2 for net in nets], axis=0), dtype=np.float32)
    w2[:, unknown], b2[unknown] = 0, NEVER
    w1 = np.concatenate([net.w1 for net in nets], axis=1)
    return Head(w1, np.concatenate([net.b1 for net in nets]), w2, b2)


def _net(data: Material, seed: int) -> Head:
    torch.manual_seed(seed)
    inputs, outputs = data.vectors.shape[1], data.labels.shape[1]
    first, second = torch.nn.Linear(inputs, HIDDEN), torch.nn.Linear(HIDDEN, outputs)
    layers = [torch.nn.Dropout(0.1), first, torch.nn.ReLU(), torch.nn.Dropout(DROPOUT), second]
    net = torch.nn.Sequential(*layers).train()
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * math.ceil(len(data.vectors) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    vectors, labels = (
        torch.from_numpy(data.vectors * np.float32(SCALE)),
        torch.from_numpy(data.labels),
    )
    weights = torch.from_numpy(balanced(data))
    for _ in range(EPOCHS):
        order = torch.randperm(len(vectors))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            optimizer.zero_grad()
            loss = _loss(net(vectors[rows]), labels[rows], weights[rows])
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    tensors = (first.weight.T * SCALE, first.bias, second.weight.T, second.bias)
    return Head(*(tensor.detach().numpy().copy() for tensor in tensors))


def balanced(data: Material) -> Floats:
    """Weights (n, outputs) by which both answers count the same in each column, with mean 1."""
    known = ~np.isnan(data.labels)
    weights = np.where(known, data.weights[:, None], 0.0)
    for column in range(data.labels.shape[1]):
        for answer in (0.0, 1.0):
            rows = data.labels[:, column] == answer
            total = weights[rows, column].sum()
            weights[rows, column] *= len(data.labels) / 2 / max(total, 1.0)
    return weights.astype(np.float32)


def _loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, torch.nan_to_num(labels), weights, reduction="none"
    )
    # How harmful is what decisions hang on; the kinds together count as much.
    return loss[:, 0].mean() + (loss[:, 1:].mean() if loss.shape[1] > 1 else 0.0)


def with_threshold(head: Head, output: int, ordinary: list[list[Vectors]], share: float) -> Head:
    """``head`` with the bias of ``output`` moved, so that at most a ``share`` of each set of
    ``ordinary`` texts, read part by part, reaches 0.5."""
    bias = head.b2.copy()
    bias[output] -= max(
        np.quantile([head.logits(parts)[:, output].max() for parts in texts], 1 - share)
        for texts in ordinary
    )
    return Head(head.w1, head.b1, head.w2, bias)


def _key(text: str) -> str:
    return " ".join(text.lower().split())
