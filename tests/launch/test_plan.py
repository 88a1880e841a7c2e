"""What is started, where, and with which settings, for the environment as it is."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from honcho.environ import parse_procfile

from chatapp.launch import entry, lineage, plan, ports
from chatapp.launch.errors import LaunchError

ROOT = Path(__file__).resolve().parents[2]
PROCFILE = parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes
READ_HERE = [*plan.SERVER_OF, "MODEL_KIND", "MODEL_NAME", "PUBLIC_URL", "LISTEN_HOST"]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing set and no Ollama."""
    for name in READ_HERE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", str(ports.free_port()))
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{ports.free_port()}")


def test_every_process_of_the_procfile_has_an_entry_point() -> None:
    assert set(PROCFILE) <= set(entry.COMMANDS)
    for name, command in PROCFILE.items():
        assert command == f"python -m chatapp.launch exec {name}"


def test_with_nothing_set_everything_is_started_on_private_ports(tmp_path: Path) -> None:
    made = plan.make(tmp_path, PROCFILE)
    assert made.own == tuple(PROCFILE)
    urls = [urlsplit(made.settings[name]) for name in plan.SERVER_OF]
    assert {url.hostname for url in urls} == {"127.0.0.1"}
    assert len({url.port for url in urls}) == len(urls)


def test_the_private_redis_asks_for_the_password_that_is_kept(tmp_path: Path) -> None:
    made = plan.make(tmp_path, PROCFILE)
    kept = (tmp_path / "redis_password").read_text()
    assert urlsplit(made.settings["REDIS_URL"]).password == kept
    assert len(kept) == 64


@pytest.mark.parametrize("name", plan.SERVER_OF)
def test_a_server_that_a_variable_points_to_is_not_started(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "http://elsewhere:1")
    made = plan.make(tmp_path, PROCFILE)
    assert plan.SERVER_OF[name] not in made.own
    assert name not in made.settings


def test_a_server_that_a_file_points_to_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL_FILE", "/run/secrets/redis_url")
    made = plan.make(tmp_path, PROCFILE)
    assert "redis" not in made.own
    assert "REDIS_URL" not in made.settings


def test_the_address_follows_the_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = ports.free_port()
    monkeypatch.setenv("PORT", str(port))
    made = plan.make(tmp_path, PROCFILE)
    assert made.url == made.settings["PUBLIC_URL"] == f"http://127.0.0.1:{port}"


def test_a_given_address_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://chat.example.org")
    assert plan.make(tmp_path, PROCFILE).url == "https://chat.example.org"


def test_a_taken_port_is_told_with_its_holder_and_another_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(LaunchError, match=rf"Port {port} is taken by .*\(process .*PORT=8080"):
            plan.make(tmp_path, PROCFILE)


@pytest.mark.parametrize("port", ["web", "0", "65536", "-1", "80 80"])
def test_what_is_no_port_is_told_to_be_none(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(LaunchError, match="is not a port"):
        plan.make(tmp_path, PROCFILE)


def test_a_child_finds_our_python_and_carries_its_mark(tmp_path: Path) -> None:
    environment = plan.make(tmp_path, PROCFILE).environment("web")
    assert environment["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert environment[lineage.NAME] == "web"
    assert environment[lineage.MARK] == str(tmp_path)


class Ollama(BaseHTTPRequestHandler):
    """Ollama's answers to the two questions that the runner asks."""

    models: dict[str, list[str]]

    def do_GET(self) -> None:
        self._answer({"models": [{"name": name} for name in self.models]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer({"capabilities": self.models[body["model"]]})

    def _answer(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Ollama]]:
    with HTTPServer(("127.0.0.1", 0), Ollama) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{server.server_port}")
        yield Ollama
        server.shutdown()
        thread.join()


def test_a_chat_model_of_ollama_is_taken_instead_of_the_demonstration(
    tmp_path: Path, ollama: type[Ollama]
) -> None:
    ollama.models = {
        "nomic-embed-text:latest": ["embedding"],
        "llama-guard3:8b": ["completion"],
        "llama3.2:3b": ["completion", "tools"],
    }
    made = plan.make(tmp_path, PROCFILE)
    assert "model" not in made.own
    assert made.settings["MODEL_KIND"] == "ollama"
    assert made.settings["MODEL_NAME"] == "llama3.2:3b"
    assert "MODEL_IS_DEMO" not in made.settings


def test_the_named_model_of_ollama_is_taken(
    tmp_path: Path, ollama: type[Ollama], monkeypatch: pytest.MonkeyPatch
) -> None:
    ollama.models = {"llama3.2:3b": ["completion"], "qwen3:8b": ["completion"]}
    monkeypatch.setenv("MODEL_NAME", "qwen3:8b")
    assert plan.make(tmp_path, PROCFILE).settings["MODEL_NAME"] == "qwen3:8b"


def test_the_demonstration_answers_briefly_unless_it_is_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert plan.demonstration_model()["MODEL_ANSWER_TOKENS"] == "160"
    monkeypatch.setenv("MODEL_ANSWER_TOKENS", "900")
    assert "MODEL_ANSWER_TOKENS" not in plan.demonstration_model()


def test_an_ollama_without_chat_models_leaves_the_demonstration(
    tmp_path: Path, ollama: type[Ollama]
) -> None:
    ollama.models = {"nomic-embed-text:latest": ["embedding"]}
    made = plan.make(tmp_path, PROCFILE)
    assert "model" in made.own
    assert made.settings["MODEL_IS_DEMO"] == "1"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),  # noqa: S104  where Ollama listens, not we
        ("box:9", "http://box:9"),
        ("https://box", "https://box:11434"),
        ("http://box:80/", "http://box:80"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(host: str, url: str) -> None:
    assert plan.ollama_url(host) == url
