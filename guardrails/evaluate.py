"""Measures the embedded judge on data sets that training never saw, as a policy would use it.

``scripts/eval_guard.py`` gives it an encoder and the folder with the sets, and prints the table.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guardrails import splits
from guardrails.classifier import Classifier
from guardrails.datasets import Example
from guardrails.verdict import INJECTION, Finding, Stage

# What asks for advice is flagged for people to look at, and no alarm.
ADVICE = "S6"
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one set at one stage. ``auc`` and ``f1`` are None where all texts have one label, and so
    are ``recall`` and ``false_alarms`` without texts that they are a share of."""

    name: str
    stage: Stage
    texts: int
    harmful: int
    auc: float | None
    f1: float | None
    recall: float | None
    false_alarms: float | None


def evaluate(folder: Path, classifier: Classifier) -> Iterator[Figures]:
    """Figures of each held-out set, in their order."""
    for name, reader in splits.HELD_OUT.items():
        examples = list(reader(folder))
        for stage in Stage:
            fitting = [example for example in examples if example.stage is stage]
            if fitting:
                yield measure(name, stage, fitting, classifier)


def measure(name: str, stage: Stage, examples: list[Example], classifier: Classifier) -> Figures:
    labels = np.array([example.unsafe for example in examples])
    found = classifier.findings(stage, [example.text for example in examples])
    scores = np.array([_score(stage, findings) for findings in found])
    alarms = scores >= THRESHOLD
    both = bool(labels.any() and not labels.all())
    hits, wrong = int((alarms & labels).sum()), int((alarms != labels).sum())
    return Figures(
        name=name,
        stage=stage,
        texts=len(examples),
        harmful=int(labels.sum()),
        auc=area_under_curve(labels, scores) if both else None,
        f1=2 * hits / max(2 * hits + wrong, 1) if both else None,
        recall=_share(alarms, labels),
        false_alarms=_share(alarms, ~labels),
    )


def area_under_curve(labels: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """The probability that a harmful text scores above a harmless one; ties count half."""
    order = np.unique(scores, return_inverse=True)[1]
    harmful = np.bincount(order[labels], minlength=order.max() + 1)
    harmless = np.bincount(order[~labels], minlength=order.max() + 1)
    below = np.cumsum(harmless) - harmless
    return float((harmful * (below + harmless / 2)).sum() / (harmful.sum() * harmless.sum()))


def table(rows: Iterable[Figures]) -> str:
    """For people to read; shares in percent."""
    lines = [f"{'set':24} {'stage':9} {'texts':>6} {'AUC':>6} {'F1':>6} {'recall':>7} {'FPR':>6}"]
    for row in rows:
        shares = (_number(row.auc), _number(row.f1), _percent(row.recall))
        lines.append(
            f"{row.name:24} {row.stage:9} {row.texts:6} {shares[0]:>6} {shares[1]:>6} "
            f"{shares[2]:>7} {_percent(row.false_alarms):>6}"
        )
    return "\n".join(lines)


def _score(stage: Stage, findings: tuple[Finding, ...]) -> float:
    """The highest score that is an alarm at ``stage``: injections in passages, else harm."""
    if stage is Stage.PASSAGE:
        return max((f.score for f in findings if f.category == INJECTION), default=0.0)
    return max((f.score for f in findings if f.category not in (INJECTION, ADVICE)), default=0.0)


def _share(alarms: NDArray[np.bool_], of: NDArray[np.bool_]) -> float | None:
    return float(alarms[of].mean()) if of.any() else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
