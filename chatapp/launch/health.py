"""Does a server answer? One question a function, no waiting."""

import urllib.error
import urllib.request

import redis

PROBE_SECONDS = 2.0


def http_answers(url: str) -> bool:
    """Whether ``url`` answers with a success."""
    try:
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS):  # noqa: S310  our own address
            return True
    except (OSError, urllib.error.URLError):
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
