"""Dockerfile: copies what exists, runs as nobody in particular, and starts by the entry points."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINES = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()


def instructions(name: str) -> list[str]:
    return [line.split(maxsplit=1)[1] for line in LINES if line.startswith(f"{name} ")]


def copied() -> list[str]:
    """What is copied from the repository, rather than from the build stage."""
    rows = [line.split() for line in instructions("COPY") if not line.startswith("--from")]
    return [source for *sources, _ in rows for source in sources]


def test_what_it_copies_is_under_version_control() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", *copied()], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for source in copied():
        assert any(path == source or path.startswith(f"{source}/") for path in tracked), source


def test_what_it_copies_is_let_through_to_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied())


def test_it_copies_all_packages_that_the_product_imports() -> None:
    assert {"chatapp", "guardrails", "rag", "static", "templates"} <= set(copied())


def test_it_does_not_run_as_root() -> None:
    assert instructions("USER") == ["parapet"]
    assert any("useradd --uid 10001" in line for line in instructions("RUN"))


def test_it_starts_by_the_entry_points() -> None:
    (entry_point,) = instructions("ENTRYPOINT")
    assert json.loads(entry_point) == ["python", "-m", "chatapp.launch", "exec"]


def test_its_base_is_pinned_to_the_python_that_the_lock_was_made_for() -> None:
    assert {base.split()[0] for base in instructions("FROM")} == {"python:3.11.14-slim-bookworm"}
