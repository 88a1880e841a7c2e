"""What `make test` does after the set-up: the checks, then every test on both databases.

The tests that touch rows run twice, at the same time, on SQLite and on PostgreSQL; the tests of
the whole running product come after them, with the machine to themselves.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
# They touch no row: on another database they would prove nothing more.
WITHOUT_ROWS = ("backends", "frontend", "guardrails", "inference", "launch", "rag")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """0 if everything passed. A part that fails does not keep the others from running."""
    began = time.monotonic()
    install_browser()
    codes = [run("checks", ["make", "--no-print-directory", "check"]), *on_both_databases()]
    codes.append(run("the whole product", pytest("tests/e2e")))
    outcome = "FAILED" if any(codes) else "passed"
    headline(f"everything {outcome} in {(time.monotonic() - began) / 60:.1f} minutes")
    return 1 if any(codes) else 0


def install_browser() -> None:
    """Debian's Chromium, where it is missing and this may be done; the tests say what they
    leave out otherwise."""
    if any(map(shutil.which, BROWSERS)) or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    with tempfile.TemporaryFile() as out:
        apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            run("Chromium", [*apt, *arguments], quiet, out)


def on_both_databases() -> tuple[int, int]:
    with tempfile.TemporaryFile() as out:
        ignored = [f"--ignore=tests/{folder}" for folder in (*WITHOUT_ROWS, "e2e")]
        environment = {**os.environ, "PARAPET_TEST_DATABASE": "postgres"}
        postgres = subprocess.Popen(
            pytest("tests", *ignored), cwd=ROOT, env=environment, stdout=out, stderr=out
        )
        code = run("SQLite", pytest("tests", "--ignore=tests/e2e"))
        postgres.wait()
        headline("PostgreSQL")
        out.seek(0)
        print(out.read().decode(errors="replace"), flush=True)
    return code, postgres.returncode


def pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def run(
    name: str,
    command: list[str],
    environment: dict[str, str] | None = None,
    out: IO[bytes] | None = None,
) -> int:
    """The exit code of ``command``, run under a headline, with its time."""
    headline(name)
    began = time.monotonic()
    code = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=out, stderr=out, check=False
    ).returncode
    print(f"{name}: exit code {code} after {time.monotonic() - began:.0f} s", flush=True)
    return code


def headline(text: str) -> None:
    print(f"\n=== {text} ===", flush=True)


if __name__ == "__main__":
    sys.exit(main())
