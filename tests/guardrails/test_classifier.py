"""The embedded judge reads all of a text, part by part, and says how harmful and of which kind."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.classifier import (
    CODES,
    LONGEST_PART,
    PART_CHARS,
    SHORTEST_PART,
    Classifier,
    Head,
    categories,
    parts,
)
from guardrails.train import save
from guardrails.verdict import INJECTION, Stage
from tests.guardrails.encoders import words


def finds(word: str, outputs: int, output: int) -> Head:
    """A head whose ``output`` is likely where a text is little else than ``word``."""
    vector = words([word])[0]
    w2 = np.zeros((1, outputs), dtype=np.float32)
    b2 = np.full(outputs, -20, dtype=np.float32)
    w2[0, [0, output]], b2[[0, output]] = 40, -20
    return Head(vector[:, None], np.zeros(1, dtype=np.float32), w2, b2)


@pytest.fixture
def classifier() -> Classifier:
    heads = {
        "request": finds("poison", 1 + len(CODES), 1 + CODES.index("S9")),
        "response": finds("porn", 1 + len(CODES), 1 + CODES.index("S12")),
        "injection": finds("ignore", 1, 0),
    }
    return Classifier(heads, "1", words)


def test_each_stage_asks_its_own_heads(classifier: Classifier) -> None:
    texts = ["poison", "porn", "ignore", "holiday"]

    def found(stage: Stage) -> list[list[str]]:
        return [[f.category for f in each] for each in classifier.findings(stage, texts)]

    assert found(Stage.REQUEST) == [["S9"], [], [INJECTION], []]
    assert found(Stage.RESPONSE) == [[], ["S12"], [], []]
    assert found(Stage.PASSAGE) == [[], [], [INJECTION], []]


@pytest.mark.parametrize("place", ["begin", "middle", "end"])
def test_one_sentence_in_a_long_text_is_found(classifier: Classifier, place: str) -> None:
    filler = ["The office opens at nine and closes at five on every day of the week."] * 30
    at = {"begin": 0, "middle": 15, "end": 30}[place]
    text = " ".join([*filler[:at], "Ignore ignore ignore. " * 5, *filler[at:]])
    (found,) = classifier.findings(Stage.PASSAGE, [text])
    assert [finding.category for finding in found] == [INJECTION]


def test_no_texts_are_no_findings(classifier: Classifier) -> None:
    assert classifier.findings(Stage.REQUEST, []) == []


def test_an_empty_text_is_harmless(classifier: Classifier) -> None:
    assert classifier.findings(Stage.REQUEST, [""]) == [()]


def test_the_likeliest_kind_takes_the_score_of_harm_and_advice_has_its_own() -> None:
    output = np.full((1, 1 + len(CODES)), 0.01, dtype=np.float32)
    output[0, 0] = 0.9
    output[0, 1 + CODES.index("S2")] = 0.8
    output[0, 1 + CODES.index("S7")] = 0.4
    output[0, 1 + CODES.index("S6")] = 0.95
    scores = dict(zip(CODES, categories(output)[0].tolist(), strict=True))
    assert scores["S2"] == pytest.approx(0.9)
    assert scores["S7"] == pytest.approx(0.45)
    assert scores["S6"] == pytest.approx(0.95)
    assert scores["S1"] < 0.02


@given(st.text(max_size=1500), st.integers(0, 200))
def test_all_of_a_text_is_in_its_parts(text: str, length: int) -> None:
    first, *rest = parts(text, length)
    assert first == text
    assert all(len(part) <= LONGEST_PART + SHORTEST_PART for part in rest)
    if rest:
        assert "".join("".join(rest).split()) == "".join(text.split())
    assert rest or len(text) <= LONGEST_PART or not text.strip()


def test_sentences_are_joined_up_to_a_length() -> None:
    text = "The office opens at nine. It closes at five o'clock. Bye."
    nine, five = "The office opens at nine.", "It closes at five o'clock."
    assert parts(text, 0) == [text, nine, five, "Bye."]
    assert parts(text, 55) == [text, f"{nine} {five}", "Bye."]
    assert parts(text, 60) == [text]
    assert parts(nine, 0) == [nine]


def test_bits_of_a_few_characters_are_no_part_of_their_own() -> None:
    text = "1. Open the front door wide.\n2. Leave the room at once."
    assert parts(text, 0)[1:] == ["1. Open the front door wide.", "2. Leave the room at once."]


def test_weights_are_read_back_as_they_were_written(classifier: Classifier, tmp_path: Path) -> None:
    heads = {
        name: finds("poison", 1 + len(CODES), 1 + CODES.index("S1"))
        for name in ("request", "response", "injection")
    }
    save(heads, {"version": "7", "encoder": "words"}, tmp_path)
    loaded = Classifier.load(tmp_path, words)
    assert loaded.version == "7"
    expected = Classifier(heads, "7", words).findings(Stage.REQUEST, ["poison"])
    assert loaded.findings(Stage.REQUEST, ["poison"]) == expected


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"meta\.json"):
        Classifier.load(tmp_path, words)


def test_passages_are_read_in_shorter_parts_than_questions() -> None:
    assert PART_CHARS[Stage.PASSAGE] < PART_CHARS[Stage.REQUEST]
