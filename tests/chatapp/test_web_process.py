"""What the web process carries: it starts soon and stays small, since others run the models."""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

from chatapp.asgi import keep_what_is_loaded

ROOT = Path(__file__).resolve().parents[2]
MODELS = {
    "torch",
    "transformers",
    "sentence_transformers",
    "onnxruntime",
    "tokenizers",
    "xllamacpp",
}
READERS = {"pypdfium2", "lxml", "openpyxl", "docx", "pptx"}
CLIENTS = {"ollama", "openai"}
ARITHMETIC = {"numpy", "scipy", "pandas", "sklearn"}
STORES = {"chromadb", "chromadb_rust_bindings"}


def test_it_imports_no_model_no_reader_and_no_store() -> None:
    program = (
        "import json, sys\n"
        "import chatapp.asgi\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "chatapp.settings"},
        capture_output=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout))
    assert "chatapp" in loaded
    assert not loaded & (MODELS | READERS | CLIENTS | ARITHMETIC | STORES)


def test_the_garbage_collector_leaves_alone_what_was_loaded() -> None:
    try:
        keep_what_is_loaded()
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()
