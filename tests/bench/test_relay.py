"""The whole benchmark, small: real processes, and a report that adds up."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.figures import COLUMNS
from bench.relay import numbers
from tests.e2e.stack import NOT_INHERITED
from tests.stack import MODELS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What a run with two streams of ten tokens printed, and what it wrote."""
    path = tmp_path_factory.mktemp("bench") / "relay.json"
    options = ["--streams", "2", "--tokens", "10", "--models", str(MODELS), "--json", str(path)]
    environment = {name: os.environ[name] for name in os.environ if name not in NOT_INHERITED}
    done = subprocess.run(
        [sys.executable, "-m", "bench.relay", *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return done.stdout, report


def test_every_stream_is_whole_by_each_way(ran: tuple[str, dict[str, Any]]) -> None:
    rows = ran[1]["rows"]
    assert [(row["way"], row["guard"]) for row in rows] == [
        ("direct", "-"),
        ("socket", "off"),
        ("api", "off"),
        ("socket", "on"),
        ("api", "on"),
    ]
    for row in rows:
        assert (row["streams"], row["completed"], row["failed"]) == (2, 2, 0)
        assert row["tokens"] == 20


def test_what_the_product_adds_is_told_beside_the_direct_way(
    ran: tuple[str, dict[str, Any]],
) -> None:
    direct, off, _, on, _ = ran[1]["rows"]
    assert direct["added"]["first"]["p50"] == 0
    assert direct["ratio"]["first"]["p50"] == 1
    assert off["added"]["first"]["p50"] > 0
    # Ten words are less than the guard's window: it lets them through together, at the end.
    assert on["held"]["p50"] > off["held"]["p50"]
    assert on["rest"]["p50"] + on["held"]["p50"] == pytest.approx(on["first"]["p50"], rel=0.5)


def test_it_tells_the_web_processs_cost_the_machine_and_the_seed(
    ran: tuple[str, dict[str, Any]],
) -> None:
    report = ran[1]
    assert report["pace"] == {"first": 0.05, "rate": 50.0, "tokens": 10, "seed": 1}
    assert report["machine"]["cores"] == os.cpu_count()
    assert report["first_page_seconds"] > 0
    assert report["idle_memory"] > 20
    costs = [(chat["guard"], chat["way"]) for chat in report["chats"]]
    assert costs == [("off", "socket"), ("off", "api"), ("on", "socket"), ("on", "api")]
    for row in report["rows"][1:]:
        assert row["memory_mib"] > 20
        assert row["cpu_seconds_per_thousand_tokens"] > 0


def test_people_see_the_same_as_a_table(ran: tuple[str, dict[str, Any]]) -> None:
    lines = ran[0].splitlines()
    head = next(number for number, line in enumerate(lines) if line.split()[:1] == ["streams"])
    assert all(name.strip() in lines[head] for name in COLUMNS)
    shown = [line.split()[:3] for line in lines[head + 1 : head + 6]]
    assert shown == [
        ["2", "-", "direct"],
        ["2", "off", "socket"],
        ["2", "off", "api"],
        ["2", "on", "socket"],
        ["2", "on", "api"],
    ]


def test_the_numbers_of_streams_are_a_list() -> None:
    assert numbers("1,20,500") == [1, 20, 500]
