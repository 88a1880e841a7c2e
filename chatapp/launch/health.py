"""Is a process well? One question a function, no waiting."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import redis

PROBE_SECONDS = 2.0
# A worker beats every 2 seconds; the scheduler sends a task at least every 10 seconds.
BEAT_SECONDS = 60.0


def http_answers(url: str, host: str = "") -> bool:
    """Whether ``url`` answers with a success; ``host`` is the name to ask it for, if another."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})  # noqa: S310  our own address
    try:
        with urllib.request.urlopen(request, timeout=PROBE_SECONDS):  # noqa: S310  our own address
            return True
    except (OSError, urllib.error.URLError):
        return False


def listens(url: str) -> bool:
    """Whether anything accepts connections at ``url``."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    try:
        with socket.create_connection((parts.hostname or "", port), PROBE_SECONDS):
            return True
    except OSError:
        return False


def redis_answers(url: str) -> bool:
    """Whether the Redis-protocol server at ``url`` answers a PING."""
    client = redis.Redis.from_url(url, socket_timeout=PROBE_SECONDS)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def beats(var: Path, name: str) -> bool:
    """Whether the Celery process ``name`` has given a sign of life lately."""
    try:
        return time.time() - sign_of_life(var, name).stat().st_mtime < BEAT_SECONDS
    except FileNotFoundError:
        return False


def sign_of_life(var: Path, name: str) -> Path:
    """The file that a Celery process touches while it is connected to its broker."""
    return var / "run" / f"{name}.alive"


def web_answers() -> bool:
    """Whether the web process on this machine answers with its sign-in page."""
    from chatapp import settings

    host = urlsplit(settings.PUBLIC_URL).netloc
    return http_answers(f"http://127.0.0.1:{settings.PORT}/sign-in/", host)


def is_well(name: str) -> bool:
    """Whether the process ``name`` is well, asked with the settings of the environment."""
    return checks()[name]()


def checks() -> Mapping[str, Callable[[], bool]]:
    from chatapp import settings

    return {
        "redis": lambda: redis_answers(settings.REDIS_URL),
        "chroma": lambda: http_answers(f"{settings.CHROMA_URL}/api/v2/heartbeat"),
        "inference": lambda: http_answers(f"{settings.INFERENCE_URL}/ready"),
        "model": lambda: http_answers(f"{settings.MODEL_URL}/health"),
        "web": web_answers,
        "worker": lambda: beats(settings.VAR_DIR, "worker"),
        "beat": lambda: beats(settings.VAR_DIR, "beat"),
    }
