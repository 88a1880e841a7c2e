"""Training learns from partly known labels, and its thresholds keep ordinary texts in peace."""

import json
import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from guardrails import datasets, splits, train
from guardrails.classifier import CODES, Classifier, Vectors
from guardrails.datasets import Example
from guardrails.evaluate import area_under_curve, measure, table
from guardrails.vectors import Remembered
from guardrails.verdict import CATEGORIES, INJECTION, Stage
from tests.guardrails.encoders import words

REQUEST, RESPONSE, PASSAGE = Stage.REQUEST, Stage.RESPONSE, Stage.PASSAGE
NOUNS = ["holiday", "badge", "train", "laptop", "invoice", "salary", "room", "desk", "coffee"]
S1, S2, S6 = frozenset({"S1"}), frozenset({"S2"}), frozenset({"S6"})


def harmless(stage: Stage) -> list[Example]:
    pairs = list(combinations(NOUNS, 2))
    polite = [Example(f"about my {a} and {b} please", stage, unsafe=False) for a, b in pairs]
    return [*polite, *(Example(f"{a} {b}", stage, unsafe=False) for a, b in pairs)]


def material_sets() -> dict[str, list[Example]]:
    murder = [
        Example(f"murder {a} {b}", REQUEST, unsafe=True, codes=S1)
        for a, b in combinations(NOUNS, 2)
    ]
    steal = [
        Example(f"steal {a} {b}", REQUEST, unsafe=True, codes=S2) for a, b in combinations(NOUNS, 2)
    ]
    rough = [Example(f"steal murder {a}", REQUEST, unsafe=True, codes=None) for a in NOUNS]
    advice = [
        Example(f"invest {a} {b}", REQUEST, unsafe=True, codes=S6)
        for a, b in combinations(NOUNS, 2)
    ]
    answers = [Example(f"murder answer {a}", RESPONSE, unsafe=True, codes=S1) for a in NOUNS]
    hidden = [
        Example(f"ignore {a}", PASSAGE, unsafe=True, codes=frozenset({INJECTION})) for a in NOUNS
    ]
    calm = harmless(REQUEST) + harmless(RESPONSE) + harmless(PASSAGE)
    return {"harm": murder + steal, "rough": rough + advice, "other": answers + hidden + calm}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Heads trained on a hundred made sentences, in a second."""
    folder = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        sets, calm = material_sets(), {"calm": harmless(REQUEST) + harmless(PASSAGE)}
        calm["answers"] = harmless(RESPONSE)
        patch.setattr(splits, "TRAINING", {n: lambda _f, n=n: sets[n] for n in sets})
        patch.setattr(splits, "CALIBRATION", {n: lambda _f, n=n: calm[n] for n in calm})
        patch.setattr(splits, "HELD_OUT", {})
        patch.setattr(train, "NETS", 2)
        patch.setattr(train, "BATCH", 64)
        patch.setattr(train, "EPOCHS", 30)
        train.train(folder, words, folder, {"version": "test", "encoder": "words"})
    return folder


def test_it_learns_harm_and_its_kind(weights: Path) -> None:
    classifier = Classifier.load(weights, words)
    texts = ["murder desk train", "steal coffee desk", "invest salary", "about my train please"]
    found = classifier.findings(REQUEST, texts)
    strongest = [each[0].category if each and each[0].score > 0.5 else "" for each in found]
    assert strongest == ["S1", "S2", "S6", ""]


def test_ordinary_texts_stay_below_the_threshold(weights: Path) -> None:
    classifier = Classifier.load(weights, words)
    texts = [example.text for example in harmless(REQUEST)]
    alarms = [
        text
        for text, found in zip(texts, classifier.findings(REQUEST, texts), strict=True)
        if any(f.score >= 0.5 and f.category in ("S1", "S2") for f in found)
    ]
    assert len(alarms) <= math.ceil(train.FALSE_ALARMS[REQUEST] * len(texts))


def test_injections_have_a_head_of_their_own(weights: Path) -> None:
    (found,) = Classifier.load(weights, words).findings(PASSAGE, ["ignore desk"])
    assert [finding.category for finding in found] == [INJECTION]


def test_a_category_without_examples_is_never_given(weights: Path) -> None:
    found = Classifier.load(weights, words).findings(RESPONSE, ["murder answer", "invest in x"])
    assert {finding.category for each in found for finding in each} <= {"S1"}


def test_what_is_held_out_is_taken_out_of_training() -> None:
    sets = {
        "a": [
            Example("How  to STEAL", REQUEST, unsafe=True),
            Example("other", REQUEST, unsafe=True),
        ]
    }
    held = {"b": [Example("how to steal", REQUEST, unsafe=True)]}
    assert [each.text for each in train.without_overlap(sets, held)["a"]] == ["other"]


def test_an_unknown_kind_teaches_harm_only_and_advice_teaches_no_harm() -> None:
    examples = [
        Example("a", REQUEST, unsafe=True, codes=None),
        Example("b", REQUEST, unsafe=True, codes=S6),
        Example("c", REQUEST, unsafe=False),
    ]
    data = train.material({"set": examples}, REQUEST, 1 + len(CODES), words)
    advice = 1 + CODES.index("S6")
    assert data.labels[0, 0] == 1
    assert np.isnan(data.labels[0, 1:]).all()
    assert data.labels[1, 0] == 0
    assert data.labels[1, advice] == 1
    assert (data.labels[2] == 0).all()


def test_harm_and_harmlessness_weigh_the_same() -> None:
    examples = [Example("a", REQUEST, unsafe=True, codes=None)] + [
        Example("b", REQUEST, unsafe=False)
    ] * 9
    data = train.material({"set": examples}, REQUEST, 1, words)
    weights = train.balanced(data)
    assert weights[0, 0] == pytest.approx(weights[1:, 0].sum())


def test_the_area_under_the_curve_is_right() -> None:
    labels = np.array([False, True, False, True])
    assert area_under_curve(labels, np.array([0.1, 0.4, 0.35, 0.8])) == 1.0
    assert area_under_curve(labels, np.array([0.5, 0.5, 0.5, 0.5])) == 0.5
    assert area_under_curve(labels, np.array([0.9, 0.4, 0.35, 0.8])) == 0.5


def test_figures_count_advice_as_no_alarm(weights: Path) -> None:
    classifier = Classifier.load(weights, words)
    examples = [
        Example("murder desk coffee", REQUEST, unsafe=True, codes=None),
        Example("about my coffee please", REQUEST, unsafe=False),
        Example("invest salary badge", REQUEST, unsafe=False),
    ]
    figures = measure("made", REQUEST, examples, classifier)
    assert (figures.texts, figures.harmful) == (3, 1)
    assert (figures.auc, figures.recall, figures.false_alarms) == (1.0, 1.0, 0.0)
    assert "made" in table([figures])
    only = measure("calm", REQUEST, examples[1:], classifier)
    assert (only.auc, only.recall, only.false_alarms) == (None, None, 0.0)


def test_no_text_is_encoded_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return words(texts)

    first = Remembered(encode, tmp_path)(["one", "two", "one"])
    again = Remembered(encode, tmp_path)(["two", "three"])
    assert sorted(asked) == ["one", "three", "two"]
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(first[1], again[0])


def test_the_projects_own_set_is_whole() -> None:
    examples = list(datasets.own(Path()))
    texts = [example.text for example in examples]
    assert len(set(texts)) == len(texts) > 600
    codes = {code for example in examples for code in example.codes or ()}
    assert codes == {*CATEGORIES, INJECTION}
    rows = [json.loads(line) for line in datasets.OWN.read_text(encoding="utf-8").splitlines()]
    pairs = [row["pair"] for row in rows if "pair" in row]
    assert all(example.unsafe == bool(example.codes) for example in examples)
    assert len(pairs) > 300
