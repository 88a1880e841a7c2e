"""Train the embedded judge: ``python scripts/train_judge.py --data FOLDER``.

FOLDER holds the public data sets that guardrails/datasets.py reads. The weights go to
guardrails/weights; the model card there is written by hand, from what ``scripts/eval_guard.py``
prints.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from guardrails.train import train
from guardrails.vectors import Remembered
from rag.encoder import Encoder

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the data sets")
    parser.add_argument("--encoder", type=Path, default=ROOT / "var/models/embedder")
    parser.add_argument("--out", type=Path, default=ROOT / "guardrails/weights")
    parser.add_argument("--cache", type=Path, default=ROOT / "var/judge-vectors")
    options = parser.parse_args()
    encoder = Encoder(options.encoder)
    encode = Remembered(encoder.encode, options.cache / encoder.name)
    facts = {"version": f"{datetime.now(UTC):%Y-%m-%d}", "encoder": encoder.name}
    train(options.data, encode, options.out, facts)


if __name__ == "__main__":
    main()
