"""What to start, where, and with which settings: decided once, before anything starts."""

import json
import os
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatapp import env
from chatapp.launch import folder, lineage, ports
from chatapp.launch.errors import LaunchError

OLLAMA = "http://127.0.0.1:11434"
OLLAMA_SECONDS = 2.0
DEMO_SLOTS = 4
"""How many answers the built-in model server makes at once."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``own`` names the processes to start, in the Procfile's order; ``settings`` are the
    environment variables that all of them share; ``url`` is where people go."""

    var: Path
    url: str
    own: tuple[str, ...]
    settings: Mapping[str, str]

    @property
    def model_url(self) -> str:
        return self.settings.get("MODEL_URL") or env.text("MODEL_URL")

    def environment(self, name: str) -> dict[str, str]:
        """The whole environment of the child ``name``; "python" there means ours."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {**os.environ, **self.settings, **lineage.marks(self.var, name), "PATH": path}


def make(var: Path, procfile: Mapping[str, str]) -> Plan:
    """The plan for the environment as it is: what a variable points to is not started.

    Raises LaunchError if the port for people is taken.
    """
    port = web_port()
    url = os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{port}"
    settings = {"VAR_DIR": str(var), "PORT": str(port), "PUBLIC_URL": url, **OFFLINE}
    settings |= {name: make_url(var) for name, make_url in PRIVATE.items() if not is_given(name)}
    if not is_given("MODEL_URL"):
        settings |= ollama() or demonstration_model()
    absent = {SERVER_OF[name] for name in SERVER_OF if is_given(name)}
    if settings.get("MODEL_KIND") == "ollama":
        absent.add("model")
    own = tuple(name for name in procfile if name not in absent)
    return Plan(var, url, own, settings)


def is_given(name: str) -> bool:
    """Whether the environment sets ``name``, itself or by a file."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def nobody_answers(server: str) -> str:
    """What to do about a ``server`` of the site's own that does not answer."""
    variable = next(name for name, started in SERVER_OF.items() if started == server)
    return (
        f"No {server} server answers at the address in {variable}: start it, or unset {variable} "
        "to have one started here."
    )


SERVER_OF = {
    "REDIS_URL": "redis",
    "CHROMA_URL": "chroma",
    "INFERENCE_URL": "inference",
    "MODEL_URL": "model",
}
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}


def loopback_url(_: Path) -> str:
    return f"http://{ports.LOOPBACK}:{ports.free_port()}"


def redis_url(var: Path) -> str:
    """With a password, since any process of the machine could connect to a loopback port."""
    password = folder.kept_secret(var / "redis_password")
    return f"redis://:{password}@{ports.LOOPBACK}:{ports.free_port()}/0"


PRIVATE = {"REDIS_URL": redis_url, "CHROMA_URL": loopback_url, "INFERENCE_URL": loopback_url}


def demonstration_model() -> dict[str, str]:
    settings = {"MODEL_URL": loopback_url(Path()), "MODEL_KIND": "openai", "MODEL_IS_DEMO": "1"}
    # The longer its answer, the further it strays.
    own = {"MODEL_ANSWER_TOKENS": "160", "MODEL_PARALLEL": str(DEMO_SLOTS)}
    return settings | {name: value for name, value in own.items() if not is_given(name)}


def web_port() -> int:
    """The port for people; LaunchError if it is no port, reserved, or taken."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise LaunchError(f"PORT={text!r} is not a port: give a number from 1 to 65535.")
    port = int(text)
    host = os.environ.get("LISTEN_HOST") or ports.LOOPBACK
    try:
        free = ports.is_free(host, port)
    except PermissionError:
        raise LaunchError(
            f"Port {port} is reserved for root: choose another, as in `make run PORT=8080`."
        ) from None
    if not free:
        who = ports.holder(port) or "another process"
        raise LaunchError(
            f"Port {port} is taken by {who}: stop it, or choose another port, "
            "as in `make run PORT=8080`."
        )
    return port


def ollama() -> dict[str, str] | None:
    """Settings for the Ollama server of this machine; None where none answers with a model
    that can chat.

    ``OLLAMA_HOST`` is read as Ollama's own command line reads it: HOST, HOST:PORT or a URL.
    """
    url = ollama_url(os.environ.get("OLLAMA_HOST", ""))
    wanted = os.environ.get("MODEL_NAME")
    try:
        names = [model["name"] for model in ask(f"{url}/api/tags")["models"]]
        chatting = (name for name in names if can_chat(url, name))
        name = wanted if wanted in names else next(chatting, None)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {"MODEL_URL": url, "MODEL_KIND": "ollama", "MODEL_NAME": name} if name else None


def ollama_url(host: str) -> str:
    if not host:
        return OLLAMA
    url = host if "://" in host else f"http://{host}"
    url = url.replace("//0.0.0.0", "//127.0.0.1").rstrip("/")
    return url if ":" in url.split("://")[1] else f"{url}:11434"


def can_chat(url: str, name: str) -> bool:
    """Whether Ollama says that the model ``name`` completes text, and it is no guard model."""
    capabilities = ask(f"{url}/api/show", {"model": name}).get("capabilities", ["completion"])
    return "completion" in capabilities and "guard" not in name and "shield" not in name


def ask(url: str, body: Mapping[str, str] | None = None) -> Any:
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(url, data, OLLAMA_SECONDS) as answer:  # noqa: S310  the operator's own address
        return json.load(answer)
