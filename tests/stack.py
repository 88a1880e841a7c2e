"""A pytest plug-in, loaded before Django's settings: the servers that the tests talk to.

Addresses are chosen and put into the environment first; each server starts when the first test
asks for its fixture, by its real entry point, and stops with the session, however that ends.
All state lives in a temporary folder. With PARAPET_TEST_DATABASE=postgres the rows live in
PostgreSQL, else in SQLite.
"""

import functools
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatapp.launch import lineage, ports
from tests import postgres

HOME = Path(tempfile.mkdtemp(prefix="parapet-test-"))
# An exported model is the same in every session and takes a while to make.
MODELS = Path(__file__).resolve().parents[1] / ".pytest_cache" / "models"
START_SECONDS = 120


def prepare_environment() -> None:
    """Settings of the test session, unless the caller has set them."""
    defaults = {
        "DJANGO_SETTINGS_MODULE": "chatapp.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "",
        "VAR_DIR": str(HOME),
        "SECRET_KEY": secrets.token_hex(32),
        "REDIS_URL": f"redis://:{secrets.token_hex(8)}@127.0.0.1:{ports.free_port()}/0",
        "CHROMA_URL": f"http://127.0.0.1:{ports.free_port()}",
        "INFERENCE_URL": f"http://127.0.0.1:{ports.free_port()}",
        "MODEL_URL": f"http://127.0.0.1:{ports.free_port()}",
        "PUBLIC_URL": "http://testserver",
        "HF_HUB_OFFLINE": "1",
        "ANONYMIZED_TELEMETRY": "False",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    share_models(HOME)
    if os.environ.get("PARAPET_TEST_DATABASE") == "postgres":
        server = postgres_server()
        server.wait()
        os.environ["DATABASE_URL"] = server.url


def share_models(var: Path) -> None:
    """Let the product that lives in ``var`` keep its exported models for later sessions."""
    MODELS.mkdir(parents=True, exist_ok=True)
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    (var / "models").symlink_to(MODELS)


@functools.cache
def postgres_server() -> postgres.Server:
    """The PostgreSQL server of the session, which holds the rows of all its tests."""
    return postgres.Server()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    prepare_environment()


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)
    if postgres_server.cache_info().currsize:
        postgres_server().stop()


def running(name: str) -> Iterator[None]:
    """Run the process ``name`` until the generator is closed; fails the test with its log if it
    does not get well."""
    from chatapp.launch import health

    log = HOME / f"{name}.log"
    command = [sys.executable, "-m", "chatapp.launch", "exec", name]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env={**os.environ, **lineage.marks(HOME, name)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: health.is_well(name), process, log)
        yield
    finally:
        process.terminate()
        process.wait(30)


def wait_until(healthy: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not healthy():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{log.stem} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis-protocol server."""
    for _ in running("redis"):
        yield os.environ["REDIS_URL"]


@pytest.fixture(scope="session")
def chroma_url() -> Iterator[str]:
    """A real Chroma server."""
    for _ in running("chroma"):
        yield os.environ["CHROMA_URL"]


@pytest.fixture(scope="session")
def inference_url() -> Iterator[str]:
    """The real inference process: embeddings and the embedded judge."""
    for _ in running("inference"):
        yield os.environ["INFERENCE_URL"]


@pytest.fixture(scope="session")
def model_url() -> Iterator[str]:
    """The real built-in model server."""
    for _ in running("model"):
        yield os.environ["MODEL_URL"]
