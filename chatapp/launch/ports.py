"""Loopback ports: a free one to listen on, who holds one that is taken, and a way to each that
leads past proxies."""

import os
import random
import socket

import psutil

LOOPBACK = "127.0.0.1"
# Below the range that Linux hands to outgoing connections (ip_local_port_range starts at 32768),
# so that no client's socket takes the port between this check and the server's start.
PRIVATE_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    while True:
        port = random.choice(PRIVATE_PORTS)  # noqa: S311  not a secret
        if is_free(LOOPBACK, port):
            return port


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on ``port`` now. OSError if ``host`` is no address of ours."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # Closed connections linger on the port for a minute; servers listen in spite of them.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise
        except OSError:
            return False
        return True


def holder(port: int) -> str:
    """The process that listens on ``port``, as "name (process 123)"; "" where that is hidden."""
    for connection in psutil.net_connections("tcp"):
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        if listens and connection.pid:
            return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""


def reach_past_proxies() -> None:
    """Have this process and its children ask servers of this machine themselves: a proxy that
    the environment names for the world outside (``HTTP_PROXY``) could not reach them."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in given.split(",") if host.strip()]
    if hosts != ["*"]:
        hosts = list(dict.fromkeys([*hosts, LOOPBACK, "localhost"]))
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(hosts)
