"""The entry points, run as the processes that a site runs, with a site's settings."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from chatapp import settings
from chatapp.launch import entry, lineage, ports

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "transformers", "sentence_transformers", "chromadb", "onnxruntime", "xllamacpp")
START_SECONDS = 60
SPAWNED = "multiprocessing.spawn"


@pytest.fixture
def site(tmp_path: Path, redis_url: str) -> dict[str, str]:
    """The settings that docker-compose.yml passes: secrets in files, a public address."""
    files = {
        "SECRET_KEY": "k" * 50,
        "DATABASE_URL": f"sqlite:///{tmp_path}/rows.sqlite3",
        "REDIS_URL": redis_url,
    }
    for name, value in files.items():
        (tmp_path / name).write_text(f"{value}\n", encoding="utf-8")
    (tmp_path / "var").mkdir()
    bare = {name: value for name, value in os.environ.items() if name not in files}
    return {
        **bare,
        **{f"{name}_FILE": str(tmp_path / name) for name in files},
        "VAR_DIR": str(tmp_path / "var"),
        "LISTEN_HOST": "127.0.0.1",
        "PORT": str(ports.free_port()),
        "PUBLIC_URL": "https://chat.example.org",
        lineage.RUNNER: str(os.getpid()),
    }


def launch(verb: str, name: str) -> list[str]:
    return [sys.executable, "-m", "chatapp.launch", verb, name]


def ask(site: Mapping[str, str], name: str) -> int:
    return subprocess.run(launch("health", name), cwd=ROOT, env=site, check=False).returncode


@pytest.fixture
def become(
    site: dict[str, str], tmp_path: Path
) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start a process by its entry point and wait until its health check agrees."""
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> subprocess.Popen[bytes]:
        assert ask(site, name) == 1
        with (tmp_path / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                launch("exec", name), cwd=ROOT, env=site, stdout=log, stderr=log
            )
        started.append(process)
        deadline = time.monotonic() + START_SECONDS
        while ask(site, name):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail((tmp_path / f"{name}.log").read_text(errors="replace"))
        return process

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(20)


def test_migrate_makes_the_tables_and_ends(site: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        launch("exec", "migrate"), cwd=ROOT, env=site, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "rows.sqlite3").stat().st_size > 0


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_each_process_of_a_site_starts_and_gets_well(
    name: str, site: dict[str, str], become: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    subprocess.run(launch("exec", "migrate"), cwd=ROOT, env=site, check=True, capture_output=True)
    become(name)


def test_several_web_processes_share_the_port_and_none_outlives_their_keeper(
    site: dict[str, str], become: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    subprocess.run(launch("exec", "migrate"), cwd=ROOT, env=site, check=True, capture_output=True)
    site["WEB_PROCESSES"] = "2"
    keeper = become("web")
    one, other = until(lambda: workers_of(keeper), 2)

    one.kill()
    successors = until(lambda: [each for each in workers_of(keeper) if each != one], 2)
    assert other in successors
    assert ask(site, "web") == 0

    keeper.kill()
    keeper.wait(10)
    gone, _ = psutil.wait_procs([one, *successors], timeout=10)
    assert set(gone) == {one, *successors}


def workers_of(keeper: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes that it keeps, those that have ended left out."""
    return [each for each in psutil.Process(keeper.pid).children() if is_spawned(each)]


def is_spawned(process: psutil.Process) -> bool:
    try:
        return SPAWNED in " ".join(process.cmdline())
    except psutil.Error:  # it has ended
        return False


def until(
    found: Callable[[], list[psutil.Process]], number: int, seconds: float = START_SECONDS
) -> list[psutil.Process]:
    """What ``found`` gives once it is ``number`` of them."""
    deadline = time.monotonic() + seconds
    while len(all_of_them := found()) != number:
        assert time.monotonic() < deadline, all_of_them
        time.sleep(0.02)
    return all_of_them


def test_the_web_believes_the_proxies_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PROXY_ADDRESSES", ["10.0.0.1", "10.1.0.0/16"])
    command = entry.COMMANDS["web"]()
    assert command[command.index("--forwarded-allow-ips") + 1] == "10.0.0.1,10.1.0.0/16"


@pytest.mark.parametrize("module", ["chatapp.asgi", "chatapp.celery"])
def test_no_process_that_people_wait_for_imports_a_model_library(
    module: str, site: dict[str, str]
) -> None:
    code = (
        f"import sys, {module}; from django.urls import get_resolver; "
        "import django; django.setup(); get_resolver().url_patterns; "
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=site, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == ""


def test_a_proxy_for_the_world_outside_is_not_asked_for_our_own_servers(
    site: dict[str, str], chroma_url: str
) -> None:
    bare = {name: value for name, value in site.items() if name.lower() != "no_proxy"}
    nobody = f"http://127.0.0.1:{ports.free_port()}"
    proxied = {**bare, "CHROMA_URL": chroma_url, "HTTP_PROXY": nobody, "http_proxy": nobody}
    assert ask(proxied, "chroma") == 0


def refusal(site: Mapping[str, str], *verb: str, **bad: str) -> str:
    """What is said instead of a start with ``bad`` settings."""
    command = [sys.executable, "-m", "chatapp.launch", *verb]
    env = {name: value for name, value in site.items() if name != lineage.RUNNER} | bad
    ended = subprocess.run(
        command, cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert not list(Path(site["VAR_DIR"]).glob("log/*.log")), "nothing was started"
    return ended.stderr.strip()


@pytest.mark.parametrize("verb", [("run",), ("exec", "web"), ("health", "web")])
def test_a_bad_setting_is_told_in_a_sentence_and_nothing_starts(
    verb: tuple[str, ...], site: dict[str, str]
) -> None:
    said = refusal(site, *verb, UPLOAD_MAX_MB="plenty")
    assert said == "UPLOAD_MAX_MB='plenty' is not a whole number."


@pytest.mark.parametrize("name", ["mistral", "llama-guard2", ""])
def test_a_guard_model_that_is_no_llama_guard_is_refused_at_start(
    name: str, site: dict[str, str]
) -> None:
    bad = {"GUARD_MODEL_URL": "http://127.0.0.1:1", "GUARD_MODEL_NAME": name}
    said = refusal(site, "exec", "web", **bad)
    assert said == f"GUARD_MODEL_NAME: “{name}” is not known as a Llama Guard 3 or 4."


def test_an_unknown_process_is_refused(site: dict[str, str]) -> None:
    done = subprocess.run(
        launch("exec", "wab"), cwd=ROOT, env=site, check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "invalid choice: 'wab'" in done.stderr
