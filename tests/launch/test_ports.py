"""Ports: a free one is found, a taken one is told with its holder."""

import os
import socket
from collections.abc import Iterator

import pytest

from chatapp.launch import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_can_be_listened_on() -> None:
    port = ports.free_port()
    with socket.create_server((ports.LOOPBACK, port)):
        assert port in ports.PRIVATE_PORTS


def test_a_port_is_free_until_somebody_listens(taken: int) -> None:
    assert not ports.is_free(ports.LOOPBACK, taken)


def test_the_holder_of_a_port_is_named_with_its_process(taken: int) -> None:
    assert str(os.getpid()) in ports.holder(taken)


def test_nobody_holds_a_free_port() -> None:
    assert ports.holder(ports.free_port()) == ""


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ("", "127.0.0.1,localhost"),
        ("intranet.example, localhost", "intranet.example,localhost,127.0.0.1"),
        ("*", "*"),
    ],
)
def test_no_proxy_is_asked_for_servers_of_this_machine(
    given: str, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", given)
    ports.reach_past_proxies()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == then
