"""The entry points of all processes: what ``python -m chatapp.launch exec NAME`` becomes.

The Procfile, the container image and the tests start every process by its name here; addresses
and limits come from the settings.
"""

import os
import runpy
import sys
from collections.abc import Callable, Mapping

from chatapp import settings
from chatapp.launch import lineage, servers

COMMANDS: Mapping[str, Callable[[], list[str]]] = {
    "redis": lambda: servers.redis_command(settings.REDIS_URL, settings.VAR_DIR / "redis"),
    "chroma": lambda: servers.chroma_command(settings.CHROMA_URL, settings.VAR_DIR / "chroma"),
    "inference": lambda: servers.inference_command(settings.INFERENCE_URL),
    "model": lambda: servers.model_command(settings.MODEL_URL),
    "web": lambda: servers.web_command(
        settings.LISTEN_HOST, settings.PORT, settings.PROXY_ADDRESSES, settings.WEB_PROCESSES
    ),
    "worker": servers.worker_command,
    "beat": servers.beat_command,
    "migrate": servers.migrate_command,
}


def become(name: str) -> None:
    """Turn this process into ``name``; returns only where that ends by returning.

    A Python program runs in this interpreter, which saves it from being started twice.
    """
    lineage.follow_runner()
    command = COMMANDS[name]()
    if command[:2] != [sys.executable, "-m"]:
        os.execv(command[0], command)  # noqa: S606  our own command, no shell
    sys.argv = command[2:]
    runpy.run_module(command[2], run_name="__main__", alter_sys=True)
