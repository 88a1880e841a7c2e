"""`scripts/setup`: what goes wrong on a fresh machine is told in a sentence with what to do."""

import os
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALL: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "install.py"))


def fresh(folder: Path) -> Path:
    """The files that the set-up needs, as in a fresh clone."""
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    (folder / "chatapp" / "launch").mkdir(parents=True)
    shutil.copy(ROOT / "chatapp" / "launch" / "console.py", folder / "chatapp" / "launch")
    for path in ROOT.glob("requirements*"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return fresh(tmp_path / "clone")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone whose set-up stops at the packages; its virtual environment is made once."""
    return fresh(tmp_path_factory.mktemp("begun") / "clone")


def setup(clone: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", "scripts/setup"],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_the_right_python_it_says_which_and_how(clone: Path) -> None:
    done = setup(clone, PATH=str(clone / "chatapp"))
    assert done.returncode == 1
    assert "Parapet needs Python 3.11" in done.stderr
    assert "apt install python3.11" in done.stderr


def test_without_network_it_says_so_and_stops(begun: Path) -> None:
    nowhere = "http://127.0.0.1:9/simple"
    done = setup(begun, PIP_INDEX_URL=nowhere, PIP_RETRIES="1", PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 1
    assert "The package index cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((begun / ".venv").glob("installed-*"))


def test_an_index_without_a_file_for_this_machine_is_told(begun: Path) -> None:
    done = setup(begun, PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 1
    assert "lacks a file for this machine" in done.stderr


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(INSTALL["SetupError"], match="make it writable"):
        INSTALL["check_folder"](tmp_path / "missing")


def test_a_disk_without_room_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    free_mb = shutil.disk_usage(tmp_path).free // 2**20
    INSTALL["check_disk"](tmp_path, free_mb // 2)
    with pytest.raises(INSTALL["SetupError"], match=r"has \d+ MB left"):
        INSTALL["check_disk"](tmp_path, free_mb * 2)


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left", "free"),
        ("error: command 'gcc' failed: No such file or directory", "no compiler"),
        ("  error: command '/usr/bin/cc' failed with exit code 1", "no compiler"),
        ("WARNING: Retrying: [Errno -3] Temporary failure in name resolution", "network"),
        ("OSError: [Errno 13] Permission denied: '/srv/parapet/.venv'", "writable"),
        ("ssl.SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "PIP_CERT"),
    ],
)
def test_what_pip_says_becomes_what_to_do(output: str, advice: str) -> None:
    assert advice in INSTALL["advice"](output)


def test_an_unknown_failure_shows_the_end_of_the_output() -> None:
    output = "\n".join(f"line {number}" for number in range(40))
    told = INSTALL["advice"](output)
    assert "line 39" in told
    assert "line 3\n" not in told


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("Collecting torch==2.13.0", "7 packages found, torch"),
        (
            "  Downloading torch-2.13.0-cp311-cp311-linux_x86_64.whl (190.1 MB)",
            "7 packages found, fetching torch (190.1 MB)",
        ),
        ("Installing collected packages: a, b", "installing"),
        ("Requirement already satisfied: pip", ""),
    ],
)
def test_pip_s_lines_tell_what_it_is_at(line: str, state: str) -> None:
    assert INSTALL["describe"](line, 7) == state


def test_nothing_is_done_where_all_is_installed(clone: Path) -> None:
    (clone / ".venv").mkdir()
    installed = runpy.run_path(str(clone / "scripts" / "install.py"))
    installed["stamp"]("run").touch()
    before = sorted(clone.rglob("*"))
    installed["main"]("run")
    assert sorted(clone.rglob("*")) == before


def test_a_changed_requirement_is_installed_at_the_next_start(clone: Path) -> None:
    installed = runpy.run_path(str(clone / "scripts" / "install.py"))
    before = installed["stamp"]("run")
    with (clone / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("another==1.0\n")
    assert installed["stamp"]("run") != before
