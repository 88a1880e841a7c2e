"""What `make test` does after the set-up: the checks, then every test on both databases.

The work is cut into parts that run side by side, one more at once than there are cores, since
each waits for much of its time, and three at least: each is a process with servers, database and
folders of its own. What a part says is
printed when it ends, so that parts do not talk at once.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# They touch no row of the tests: on another database they would prove nothing more.
ENGINES = ("backends", "bench", "guardrails", "inference", "launch", "rag")
ALONE = ("frontend", "e2e")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET_APT = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")


@dataclass(frozen=True, slots=True)
class Part:
    """A command that fails by its exit code, with what it needs in the environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    part: Part
    code: int
    seconds: float
    output: str


def parts() -> list[Part]:
    """The longest first, so that none is left over at the end."""
    others = [f"--ignore=tests/{folder}" for folder in (*ENGINES, *ALONE)]
    return [
        Part("the whole product", pytest("tests/e2e")),
        Part("everything with rows, on SQLite", pytest("tests", *others)),
        Part(
            "everything with rows, on PostgreSQL",
            pytest("tests", *others),
            {"PARAPET_TEST_DATABASE": "postgres"},
        ),
        Part("engines", pytest(*(f"tests/{folder}" for folder in ENGINES))),
        Part("pages", pytest("tests/frontend")),
        Part("checks", ("make", "--no-print-directory", "check")),
    ]


def pytest(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pytest", *arguments)


def main() -> int:
    """0 if everything passed. A part that fails does not keep the others from running."""
    began = time.monotonic()
    install_browser()
    results = []
    with ThreadPoolExecutor(max(3, (os.cpu_count() or 2) + 1)) as pool:
        for future in as_completed([pool.submit(run, part) for part in parts()]):
            results.append(future.result())
            report(results[-1])
    print("\n=== in short ===")
    for result in results:
        outcome = "passed" if result.code == 0 else f"FAILED with code {result.code}"
        closing = result.output.rstrip().rpartition("\n")[2].strip("= ")
        print(f"{result.part.name}: {outcome} after {result.seconds:.0f} s: {closing}")
    failed = any(result.code for result in results)
    minutes = (time.monotonic() - began) / 60
    print(f"Everything {'FAILED' if failed else 'passed'} in {minutes:.1f} minutes.")
    return 1 if failed else 0


def run(part: Part) -> Result:
    print(f"{part.name}: started", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        part.command,
        cwd=ROOT,
        env={**environment(), **part.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    seconds = time.monotonic() - began
    return Result(part, done.returncode, seconds, done.stdout.decode(errors="replace"))


def environment() -> dict[str, str]:
    """Ours, but with bytecode kept: some libraries are compiled only by their first import."""
    return {name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"}


def report(result: Result) -> None:
    print(f"\n=== {result.part.name} ===\n{result.output.rstrip()}\n", flush=True)


def install_browser() -> None:
    """Debian's Chromium, where it is missing and this may be done; the tests say what they
    leave out otherwise."""
    if any(map(shutil.which, BROWSERS)) or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ("install", "-y", "--no-install-recommends", "chromium")
    for arguments in (("update",), install):
        result = run(Part("Chromium", (*QUIET_APT, *arguments), quiet))
        if result.code:
            report(result)


if __name__ == "__main__":
    sys.exit(main())
