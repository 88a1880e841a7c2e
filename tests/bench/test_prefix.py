"""What of a prompt a server found in its cache, by its own counters."""

import re
from pathlib import Path

import pytest

from bench.prefix import (
    Counted,
    NoCounters,
    Row,
    Talk,
    counted,
    counters,
    ours,
    parser,
    passages_first,
    questions,
    run,
    table,
)
from chatapp.conversations.prompt import Exchange, Material
from tests.backends.asking import answering, listening

VLLM = """# HELP vllm:prefix_cache_queries_total Prefix cache queries.
# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="smollm2"} 200.0
vllm:prefix_cache_queries_total{engine="1",model_name="smollm2"} 61.0
vllm:prefix_cache_queries_created{engine="0",model_name="smollm2"} 1.7955302353281283e+09
vllm:prefix_cache_hits_total{engine="0",model_name="smollm2"} 96.0
"""
LLAMACPP = """# TYPE llamacpp:prompt_tokens_total counter
llamacpp:prompt_tokens_total 132
# TYPE llamacpp:prompt_tokens_cached_total counter
llamacpp:prompt_tokens_cached_total 229
llamacpp:prompt_seconds_total 0.454509
"""
SGLANG = """sglang:prompt_tokens_total{model_name="m"} 1.5e+03
sglang:cached_tokens_total{model_name="m"} 500.0
"""


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (VLLM, Counted(261.0, 96.0)),
        (LLAMACPP, Counted(361.0, 229.0)),
        (SGLANG, Counted(1500.0, 500.0)),
    ],
)
def test_each_server_is_read_by_its_own_counters(metrics: str, expected: Counted) -> None:
    assert counted(metrics) == expected


@pytest.mark.parametrize(
    "metrics", ["", "<html>", "other_total 5", "llamacpp:prompt_tokens_total 5"]
)
def test_a_server_that_does_not_count_says_so(metrics: str) -> None:
    with pytest.raises(NoCounters):
        counted(metrics)


async def test_metrics_that_are_off_are_named() -> None:
    head = b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with listening(answering(head)) as url:
        with pytest.raises(NoCounters, match="501"):
            await counters(url)


def test_the_same_seed_asks_the_same() -> None:
    talk = Talk(turns=3, passages=2)
    assert list(questions(talk)) == list(questions(talk))
    assert list(questions(talk)) != list(questions(Talk(turns=3, passages=2, seed=2)))


def test_our_order_keeps_the_beginning_and_the_other_does_not() -> None:
    (one, first), (two, second) = questions(Talk(turns=2, passages=1))
    history = (Exchange(one, "An answer."),)
    begin = [Material(one, (), first), Material(two, history, second)]
    stable = [ours(material)[0] for material in begin]
    spoilt = [passages_first(material)[0] for material in begin]
    assert stable[0] == stable[1]
    assert spoilt[0] != spoilt[1]
    assert two in passages_first(begin[1])[-1].content


async def test_the_built_in_server_finds_what_was_said_before_in_its_cache(model_url: str) -> None:
    rows = await run(model_url, "", Talk(turns=2, passages=0), ["ours"])
    assert [row.turn for row in rows] == [1, 2]
    assert all(row.asked > 100 and row.first_text > 0 for row in rows)
    assert rows[1].cached > 90, "the instructions at least"
    assert rows[1].share < 1


def test_the_table_sums_what_comes_after_the_first_turn() -> None:
    rows = [Row("ours", 1, 400, 0, 1.0), Row("ours", 2, 500, 400, 0.25)]
    assert table(rows).splitlines() == [
        "order            turn   prompt   cached   rate   first text",
        "ours                1      400        0     0%       1.00 s",
        "ours                2      500      400    80%       0.25 s",
        "ours              all      500      400    80%   from the second turn on",
    ]
    assert "0%" in table(rows[:1])


def test_the_documents_tell_of_every_option() -> None:
    page = (Path(__file__).parents[2] / "docs/benchmarks.md").read_text(encoding="utf-8")
    told = page.partition("## `make bench-prefix`")[2]
    options = set(re.findall(r"--[a-z]+", parser().format_help())) - {"--help"}
    assert [name for name in options if name not in told] == []
