"""No child outlives its runner, and no stranger is taken for a child."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chatapp.launch import lineage

ROOT = Path(__file__).resolve().parents[2]
# A runner that starts one child, tells its id, and waits.
RUNNER = """
import os, subprocess, sys
from pathlib import Path
from chatapp.launch import lineage
child = subprocess.Popen(
    [sys.executable, "-c", sys.argv[2]],
    env={**os.environ, **lineage.marks(Path(sys.argv[1]), "web")},
    stdout=subprocess.PIPE,
    text=True,
)
print(child.stdout.readline().strip(), flush=True)
child.wait()
"""
FOLLOWER = """
import os, time
from chatapp.launch import lineage
lineage.follow_runner()
print(os.getpid(), flush=True)
time.sleep(600)
"""
# Its child knows nothing of runners, and is found by the mark alone.
CARELESS = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"


def start(var: Path, child: str) -> tuple["subprocess.Popen[str]", psutil.Process]:
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(var), child], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert runner.stdout is not None
    return runner, psutil.Process(int(runner.stdout.readline()))


def kill(runner: "subprocess.Popen[str]") -> None:
    runner.send_signal(signal.SIGKILL)
    runner.communicate()


def test_a_child_dies_with_its_killed_runner(tmp_path: Path) -> None:
    runner, child = start(tmp_path, FOLLOWER)
    kill(runner)
    child.wait(10)
    assert not child.is_running()


def test_a_child_that_stayed_is_found_and_ended_by_the_next_start(tmp_path: Path) -> None:
    runner, child = start(tmp_path, CARELESS)
    kill(runner)
    assert child.is_running()
    assert list(lineage.leftovers(tmp_path)) == [child]
    assert lineage.end_leftovers(tmp_path) == 1
    assert not child.is_running()


def test_children_of_another_folder_are_left_alone(tmp_path: Path) -> None:
    runner, child = start(tmp_path / "theirs", CARELESS)
    try:
        assert lineage.end_leftovers(tmp_path / "ours") == 0
        assert child.is_running()
    finally:
        child.kill()
        kill(runner)


def test_a_process_that_comes_too_late_to_follow_its_runner_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = os.getpid()  # no parent of the process below
    done = subprocess.run(
        [sys.executable, "-c", "from chatapp.launch.lineage import follow_runner as f; f()"],
        env={**os.environ, lineage.RUNNER: str(gone + 1)},
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1


def test_a_process_that_no_runner_started_follows_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(lineage.RUNNER, raising=False)
    lineage.follow_runner()  # returns, and this process does not die with the one that started it
