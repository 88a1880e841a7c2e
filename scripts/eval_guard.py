"""Measure the embedded judge: ``python scripts/eval_guard.py --data FOLDER``.

FOLDER holds the public data sets that guardrails/datasets.py reads. Prints AUC, F1, recall and
false-positive rate on each set that training never saw, and writes the same as JSON.
"""

import argparse
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from guardrails.classifier import Classifier
from guardrails.evaluate import evaluate, table
from guardrails.vectors import Remembered
from rag.encoder import Encoder

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the data sets")
    parser.add_argument("--encoder", type=Path, default=ROOT / "var/models/embedder")
    parser.add_argument("--weights", type=Path, default=ROOT / "guardrails/weights")
    parser.add_argument("--cache", type=Path, default=ROOT / "var/judge-vectors")
    parser.add_argument("--json", type=Path, default=ROOT / "var/bench/guard.json")
    options = parser.parse_args()
    encoder = Encoder(options.encoder)
    encode = Remembered(encoder.encode, options.cache / encoder.name)
    classifier = Classifier.load(options.weights, encode)
    rows = list(evaluate(options.data, classifier))
    print(f"Embedded judge {classifier.version} on {encoder.name}\n{table(rows)}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "machine": platform.platform(),
        "judge": classifier.version,
        "encoder": encoder.name,
        "sets": [asdict(row) for row in rows],
    }
    options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
