"""A process is well or it is not, and asking does not take long."""

import os
import socket
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from chatapp.launch import health, ports


def test_a_server_that_refuses_its_password_is_not_well(redis_url: str) -> None:
    wrong = redis_url.replace("redis://:", "redis://:x")
    assert health.redis_answers(redis_url)
    assert not health.redis_answers(wrong)


def test_nobody_listening_is_not_well() -> None:
    url = f"127.0.0.1:{ports.free_port()}"
    assert not health.http_answers(f"http://{url}")
    assert not health.redis_answers(f"redis://{url}/0")
    assert not health.listens(f"http://{url}")


def test_a_server_that_accepts_and_says_nothing_is_not_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.1)
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert health.listens(url)
        assert not health.http_answers(url)


class Unready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(503 if self.headers["Host"] == "busy" else 200)

    def log_message(self, *_: object) -> None:
        pass


def test_an_answer_other_than_success_is_not_well() -> None:
    with HTTPServer(("127.0.0.1", 0), Unready) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert health.http_answers(url, "quiet")
        assert not health.http_answers(url, "busy")
        server.shutdown()
        thread.join()


def test_a_process_without_a_fresh_sign_of_life_is_not_well(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    sign = health.sign_of_life(tmp_path, "worker")
    assert not health.beats(tmp_path, "worker")
    sign.touch()
    assert health.beats(tmp_path, "worker")
    long_ago = time.time() - 2 * health.BEAT_SECONDS
    os.utime(sign, (long_ago, long_ago))
    assert not health.beats(tmp_path, "worker")
