"""The export is made once, whole, and without a word more than one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from rag import export as module
from rag.encoder import Encoder
from rag.export import ExportError, describe, export, main, wheel_folder


@pytest.fixture(scope="module")
def made() -> Path:
    return export(wheel_folder(), settings.VAR_DIR / "models" / "embedder")


def test_processes_that_start_together_make_one_whole_folder_and_say_one_line_each(
    tmp_path: Path,
) -> None:
    dest = tmp_path / "models" / "embedder"
    command = [sys.executable, "-W", "error", "-m", "rag.export", str(dest)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
        assert out.startswith("Embedding model all-minilm-l6-v2-int8-")
        assert out.count("\n") == 1
    assert sorted(path.name for path in dest.iterdir()) == [
        "config.json",
        "model.onnx",
        "tokenizer.json",
    ]
    assert [path.name for path in dest.parent.iterdir() if path != dest] == [".embedder.lock"]


def test_the_folder_tells_where_its_weights_come_from(made: Path) -> None:
    facts = json.loads((made / "config.json").read_text())
    assert facts["licence"] == "apache-2.0"
    assert facts["precision"] == "int8"
    assert facts["source_sha256"].startswith("53aa5117")  # as the model's hub lists it
    assert facts["name"] == "all-minilm-l6-v2-int8-53aa5117"
    assert (facts["dimensions"], facts["max_tokens"]) == (384, 256)


def test_a_folder_that_is_made_already_is_left_alone(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_make", lambda *_: pytest.fail("made again"))
    assert export(wheel_folder(), made) == made


def test_another_source_replaces_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr(module, "_make", lambda _source, _dest, wanted: made.append(wanted.name))
    (tmp_path / "embedder").mkdir()
    (tmp_path / "embedder" / "config.json").write_text('{"name": "other", "format": 1}')
    export(wheel_folder(), tmp_path / "embedder")
    assert made == ["all-minilm-l6-v2-int8-53aa5117"]


def test_a_folder_whose_making_was_killed_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    monkeypatch.setattr(module, "_make", lambda _source, dest, _wanted: made.append(dest))
    dest = tmp_path / "embedder"
    dest.mkdir()
    (dest / "config.json").write_text("{")
    export(wheel_folder(), dest)
    assert made == [dest]


def test_a_failure_leaves_no_scratch_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "model.onnx")

    monkeypatch.setattr(module, "_write", fail)
    with pytest.raises(ExportError, match=r"Cannot write model\.onnx: No space left on device\."):
        export(wheel_folder(), tmp_path / "embedder")
    assert [path.name for path in tmp_path.iterdir()] == [".embedder.lock"]


def test_what_a_killed_export_left_is_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / ".embedder-abc"
    left.mkdir()
    (left / "fp32.onnx").write_bytes(b"half")
    monkeypatch.setattr(module, "_write", lambda *_: None)
    export(wheel_folder(), tmp_path / "embedder")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".embedder.lock", "embedder"]


def test_precisions_have_different_names() -> None:
    assert describe(wheel_folder(), "int8").name != describe(wheel_folder(), "fp32").name


def test_a_tiny_model_of_another_kind_is_exported_in_full_precision(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, numpy, torch\n"
        "from tests.fakes.tiny_model import make\n"
        "from rag.export import export\n"
        "source, dest, out = map(pathlib.Path, sys.argv[1:])\n"
        "model = make(source)\n"
        "export(source, dest, 'fp32')\n"
        "numpy.save(out, model.encode(['a text', 'another longer text']))\n"
    )
    source, dest, out = tmp_path / "Tiny-Model", tmp_path / "dest", tmp_path / "out.npy"
    command = [sys.executable, "-c", program, str(source), str(dest), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    import numpy as np

    expected = np.load(out)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    encoder = Encoder(dest)
    assert np.allclose(encoder.encode(["a text", "another longer text"]), expected, atol=1e-5)
    assert encoder.name.startswith("tiny-model-fp32-")
    assert (encoder.dimensions, encoder.max_tokens) == (16, 32)


def test_a_folder_that_holds_no_model_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(tmp_path / "dest")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"{tmp_path} is no sentence-transformers model folder.\n"
