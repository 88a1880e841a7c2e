"""From what readers saw to figures."""

import math

import pytest

from bench.figures import Load, Row, Spread, seen, spread, table
from bench.load import Stream, mark

WORDS = ("One", " two", " three")


def stream(*arrivals: tuple[float, int], asked: float = 0.0, failure: str = "") -> Stream:
    return Stream(mark(0), asked, list(arrivals), failure)


def of(*streams: Stream, sent: tuple[float, ...] = (1.0, 2.0, 3.0)) -> "tuple[Spread, Spread]":
    found = seen(streams, {mark(0): sent}, WORDS)
    return found.first, found.token


def test_a_token_has_come_when_its_last_character_has() -> None:
    first, token = of(stream((1.1, 3), (2.5, 6), (3.2, 13)))
    assert first.p50 == pytest.approx(1100)
    assert token.p50 == pytest.approx(200)  # 100, 1200 (its end came with the third) and 200
    assert token.p99 == pytest.approx(1200)


def test_a_piece_of_several_tokens_brings_each_of_them() -> None:
    first, token = of(stream((3.0, 13)))
    assert first.p50 == pytest.approx(3000)
    assert token.p99 == pytest.approx(2000)


def test_what_the_first_text_waited_for_the_model_is_told_apart() -> None:
    held = seen([stream((3.1, 7), (3.2, 13))], {mark(0): (1.0, 2.0, 3.0)}, WORDS).held
    assert held.p50 == pytest.approx(1000)  # the second token came a second after the first


def test_what_a_guard_reads_before_it_lets_a_text_go_is_no_time_of_the_products() -> None:
    found = seen([stream((3.5, 3), (4.0, 13))], {mark(0): (1.0, 2.0, 3.0)}, WORDS, holdback=5)
    assert found.held.p50 == pytest.approx(2000)  # it took the third token to let the first go
    assert found.rest.p50 == pytest.approx(1500)
    found = seen([stream((3.5, 13))], {mark(0): (1.0, 2.0, 3.0)}, WORDS, holdback=5)
    assert found.held.p50 == pytest.approx(2000)  # nothing comes after the end


def test_a_stream_that_failed_or_lacks_words_is_no_completed_one() -> None:
    found = seen(
        [stream((1.1, 13)), stream((1.1, 3), failure="it broke"), stream((1.1, 7)), stream()],
        {mark(0): (1.0, 1.0, 1.0)},
        WORDS,
    )
    assert (found.completed, found.failed) == (1, 3)
    assert found.failures == ("it broke", "the answer is not whole")
    assert found.tokens == 3 + 1 + 2


def test_percentiles_are_by_nearest_rank_and_in_milliseconds() -> None:
    assert spread(number / 1000 for number in range(100)) == Spread(50, 95, 99)
    assert math.isnan(spread([]).p50)


def test_a_row_compares_with_the_direct_way() -> None:
    direct = seen([stream((1.0, 13))], {mark(0): (0.9, 0.9, 0.9)}, WORDS)
    mine = seen([stream((1.5, 13))], {mark(0): (0.9, 0.9, 0.9)}, WORDS)
    row = Row("off", 1, "socket", mine, direct, Load(cpu=0.3, memory=80))
    told = row.as_json()
    assert told["added"] == {
        "first": pytest.approx({"p50": 500, "p95": 500, "p99": 500}),
        "token": pytest.approx({"p50": 500, "p95": 500, "p99": 500}),
        "own": pytest.approx({"p50": 500, "p95": 500, "p99": 500}),
    }
    assert told["ratio"] == {
        "first": pytest.approx({"p50": 1.5, "p95": 1.5, "p99": 1.5}),
        "token": pytest.approx({"p50": 6, "p95": 6, "p99": 6}),
    }
    assert told["cpu_seconds_per_thousand_tokens"] == pytest.approx(100)
    assert told["memory_mib"] == 80


def test_the_table_has_a_line_a_row_and_nothing_where_the_web_process_has_no_part() -> None:
    direct = seen([stream((1.0, 13))], {mark(0): (0.9, 0.9, 0.9)}, WORDS)
    head, line = table([Row("-", 1, "direct", direct, direct)]).splitlines()
    assert head.split()[:4] == ["streams", "guard", "way", "done"]
    assert line.split()[:5] == ["1", "-", "direct", "1", "0"]
    assert len(line.split()) < len(head.split())
