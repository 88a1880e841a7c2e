"""Texts to unit-length vectors, by onnxruntime from a folder that :mod:`rag.export` made.

The folder holds ``model.onnx`` (pooling and normalisation are inside the graph),
``tokenizer.json`` and ``config.json``. Loading takes a fraction of a second and imports no torch.
"""

import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

MOST_THREADS = 4
Vectors = NDArray[np.float32]


class Encoder:
    """A loaded embedding model. Safe to call from several threads at once.

    ``name`` tells model, precision and weights, so that vectors of two kinds never share an
    index. ``max_tokens`` is where a text is cut.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """``threads`` of 0 means one a core, and no more than MOST_THREADS.

        Raises OSError, KeyError or ValueError if ``folder`` is not a whole export.
        """
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.name: str = config["name"]
        self.dimensions: int = config["dimensions"]
        self.max_tokens: int = config["max_tokens"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(self.max_tokens)
        self._session = _session(folder / "model.onnx", threads)

    def encode(
        self, texts: Sequence[str], gate: AbstractContextManager[object] | None = None
    ) -> Vectors:
        """float32 of shape (len(texts), dimensions), each row of length 1.

        One text is run at a time. A batch is no faster on a CPU (measured on two cores with
        batches of 1 to 16: 123 to 134 sentences a second, 31 to 34 chunks), and the scales of
        int8 arithmetic are taken from the whole batch: a text's vector, and a judge's score made
        from it, would depend on its neighbours. ``gate`` is entered for each text, so that a
        caller can let other work in between.
        """
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        encodings = self._tokenizer.encode_batch_fast([_valid(text) for text in texts])
        for row, encoding in enumerate(encodings):
            with gate or nullcontext():
                vectors[row] = self._run(encoding.ids)
        return vectors

    def _run(self, tokens: list[int]) -> Vectors:
        ids = np.array([tokens], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        result: Vectors = self._session.run(["embedding"], feeds)[0][0]
        return result


def _session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, MOST_THREADS)
    options.inter_op_num_threads = 1
    # Idle threads would otherwise spin on the cores that the model server needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _valid(text: str) -> str:
    """The text without lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
