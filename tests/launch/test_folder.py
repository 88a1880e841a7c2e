"""The folder of all state: private, kept, and held by one runner at a time."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chatapp.launch import folder
from chatapp.launch.errors import LaunchError

ROOT = Path(__file__).resolve().parents[2]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def var(tmp_path: Path) -> Path:
    folder.prepare(tmp_path / "var")
    return tmp_path / "var"


def test_the_folder_and_all_in_it_are_closed_to_others(var: Path) -> None:
    assert [mode(path) for path in (var, *filter(Path.is_dir, var.iterdir()))] == [0o700] * 7


def test_a_folder_that_stood_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o755)
    folder.prepare(tmp_path / "var")
    assert mode(tmp_path / "var") == 0o700


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LaunchError, match=r"Cannot write to .*file.* set VAR_DIR"):
        folder.prepare(tmp_path / "file" / "var")


def test_a_disk_that_is_nearly_full_is_told_with_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_mb = shutil.disk_usage(tmp_path).free // 2**20
    monkeypatch.setattr(folder, "LEAST_FREE_MB", free_mb * 2)
    with pytest.raises(LaunchError, match=r"has \d+ MB left and \d+ MB are needed"):
        folder.prepare(tmp_path)


def test_a_secret_is_made_once_and_for_its_owner_alone(var: Path) -> None:
    first = folder.kept_secret(var / "key")
    assert len(first) == 64
    assert folder.kept_secret(var / "key") == first
    assert mode(var / "key") == 0o600


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    assert folder.kept_secret(tmp_path / "one") != folder.kept_secret(tmp_path / "two")


HOLD = """
import sys, pathlib
from chatapp.launch import folder
with folder.only_runner(pathlib.Path(sys.argv[1])) as announce:
    announce("http://127.0.0.1:8123")
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(var: Path) -> "subprocess.Popen[str]":
    """Another runner that holds ``var`` until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(var)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_runner_is_told_where_the_first_one_is(var: Path) -> None:
    with hold(var) as other:
        with (
            pytest.raises(LaunchError, match=rf"already at http://127.0.0.1:8123 .*{other.pid}"),
            folder.only_runner(var),
        ):
            pass
        other.communicate()


def test_the_folder_is_free_again_when_its_runner_was_killed(var: Path) -> None:
    with hold(var) as other:
        other.kill()
        other.wait()
        with folder.only_runner(var) as announce:
            announce("http://127.0.0.1:9999")
    record = json.loads((var / "run" / "runner.json").read_text())
    assert record == {"pid": os.getpid(), "url": "http://127.0.0.1:9999"}


def test_the_logs_of_the_last_starts_are_kept_and_older_ones_are_not(var: Path) -> None:
    for start in range(6):
        folder.fresh_log(var, "web").write_text(f"start {start}")
    kept = sorted((var / "log").glob("web.log*"))
    assert [path.read_text() for path in kept] == ["start 5", "start 4", "start 3", "start 2"]
