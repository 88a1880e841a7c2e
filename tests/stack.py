"""A pytest plug-in, loaded before Django's settings: the servers that the tests talk to.

Addresses are chosen and put into the environment first; each server starts when the first test
asks for its fixture, and stops with the session. All state lives in a temporary folder.
"""

import os
import random
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HOME = Path(tempfile.mkdtemp(prefix="parapet-test-"))
START_SECONDS = 120


def free_port() -> int:
    """A loopback port that nobody listens on, below the range that outgoing connections use."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311  not a secret
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def prepare_environment() -> None:
    """Settings of the test session, unless the caller has set them."""
    defaults = {
        "DJANGO_SETTINGS_MODULE": "chatapp.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "",
        "VAR_DIR": str(HOME),
        "SECRET_KEY": secrets.token_hex(32),
        "REDIS_URL": f"redis://:{secrets.token_hex(8)}@127.0.0.1:{free_port()}/0",
        "CHROMA_URL": f"http://127.0.0.1:{free_port()}",
        "INFERENCE_URL": f"http://127.0.0.1:{free_port()}",
        "MODEL_URL": f"http://127.0.0.1:{free_port()}",
        "PUBLIC_URL": "http://testserver",
        "HF_HUB_OFFLINE": "1",
        "ANONYMIZED_TELEMETRY": "False",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    prepare_environment()


def running(command: list[str], name: str, healthy: Callable[[], bool]) -> Iterator[None]:
    """Run ``command`` until the generator is closed; raises with its log if it does not start."""
    log = HOME / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_until(healthy, process, log)
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
    from chatapp.launch import health, servers

    url = os.environ["REDIS_URL"]
    command = servers.redis_command(url, HOME / "redis")
    for _ in running(command, "redis", lambda: health.redis_answers(url)):
        yield url


@pytest.fixture(scope="session")
def chroma_url() -> Iterator[str]:
    """A real Chroma server."""
    from chatapp.launch import health, servers

    url = os.environ["CHROMA_URL"]
    command = servers.chroma_command(url, HOME / "chroma")
    for _ in running(command, "chroma", lambda: health.http_answers(f"{url}/api/v2/heartbeat")):
        yield url


@pytest.fixture(scope="session")
def inference_url() -> Iterator[str]:
    """The real inference process: embeddings and the embedded judge."""
    from chatapp.launch import health, servers

    url = os.environ["INFERENCE_URL"]
    command = servers.inference_command(url)
    for _ in running(command, "inference", lambda: health.http_answers(f"{url}/ready")):
        yield url


@pytest.fixture(scope="session")
def model_url() -> Iterator[str]:
    """The real built-in model server."""
    from chatapp.launch import health, servers

    url = os.environ["MODEL_URL"]
    command = servers.model_command(url)
    for _ in running(command, "model", lambda: health.http_answers(f"{url}/health")):
        yield url
