"""How much of a conversation's prompts a model server need not read again.

One conversation is asked turn by turn through the product's own prompt and its own client of model
servers. Before and after each turn the server's own counters are read: vLLM's and SGLang's of their
prefix caches, llama.cpp's of its slots. The same conversation with the passages at the prompt's
beginning, where many put them, shows what the order is worth.

    python -m bench.prefix --url http://gpu-1:8000 --model Qwen/Qwen3-8B
"""

import argparse
import asyncio
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import orjson

from bench import machine
from bench.product import ROOT
from chatapp.backends.base import ChatRequest, Message, Sampling, TextDelta
from chatapp.backends.openai import OpenAIBackend
from chatapp.conversations.prompt import SYSTEM, Exchange, Material, build, fenced
from chatapp.launch.health import http_answers
from chatapp.launch.ports import free_port
from chatapp.launch.servers import model_command
from rag.passage import Passage

JSON = ROOT / "var" / "bench" / "prefix.json"
CONTEXT_TOKENS = 4096
ANSWER_TOKENS = 64
START_SECONDS = 60.0
WORDS = (
    *("leave", "budget", "contract", "travel", "laptop", "notice", "manager", "invoice"),
    *("office", "holiday", "policy", "salary", "team", "report", "meeting", "deadline"),
    *("approval", "expense", "visitor", "badge", "parking", "training", "insurance", "pension"),
)
COUNTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("vllm:prefix_cache_hits_total", ("vllm:prefix_cache_queries_total",)),
    ("sglang:cached_tokens_total", ("sglang:prompt_tokens_total",)),
    (
        "llamacpp:prompt_tokens_cached_total",
        # The former counts only what was read.
        ("llamacpp:prompt_tokens_total", "llamacpp:prompt_tokens_cached_total"),
    ),
)
"""Of each server: tokens found in its cache, and those that make up all that it was asked."""
Layout = Callable[[Material], tuple[Message, ...]]


class NoCounters(Exception):
    """``str(error)`` says what the server lacks."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens of prompts since the server started."""

    asked: float
    cached: float


@dataclass(frozen=True, slots=True)
class Row:
    """One turn: tokens of its prompt, those found in the cache, and seconds to the first text."""

    order: str
    turn: int
    asked: int
    cached: int
    first_text: float

    @property
    def share(self) -> float:
        return self.cached / self.asked if self.asked else 0.0


@dataclass(frozen=True, slots=True)
class Talk:
    """What is asked: ``turns`` questions with ``passages`` each, made from ``seed``."""

    turns: int = 6
    passages: int = 3
    seed: int = 1


def counted(metrics: str) -> Counted:
    """What a server's ``/metrics`` say of its prompts. Raises NoCounters."""
    sums: dict[str, float] = {}
    for line in metrics.splitlines():
        if found := re.fullmatch(r"([\w:]+)(?:\{.*\})? ([0-9.eE+]+)", line.strip()):
            sums[found[1]] = sums.get(found[1], 0.0) + float(found[2])
    for cached, asked in COUNTERS:
        if cached in sums:
            return Counted(sum(sums.get(name, 0.0) for name in asked), sums[cached])
    raise NoCounters("Its /metrics count no prompt tokens that were found in a cache.")


def ours(material: Material) -> tuple[Message, ...]:
    """The product's own order: what stays the same comes first."""
    return build(material, CONTEXT_TOKENS - ANSWER_TOKENS).messages


def passages_first(material: Material) -> tuple[Message, ...]:
    """The same words with the passages among the instructions."""
    found = material.passages or ()
    top = "\n".join([SYSTEM, *(fenced(n, each) for n, each in enumerate(found, 1))])
    bare = build(replace(material, passages=()), CONTEXT_TOKENS - ANSWER_TOKENS).messages
    return (Message("system", top), *bare[1:-1], Message("user", material.question))


ORDERS: dict[str, Layout] = {"ours": ours, "passages first": passages_first}


def questions(talk: Talk) -> Iterator[tuple[str, tuple[Passage, ...]]]:
    """Each turn's question and passages, the same for the same seed."""
    chance = random.Random(talk.seed)  # noqa: S311  no secret

    def sentence(words: int) -> str:
        return " ".join(chance.choices(WORDS, k=words)).capitalize() + "."

    for turn in range(talk.turns):
        found = tuple(
            Passage(
                vector_id=f"{turn}:{number}",
                text=" ".join(sentence(9) for _ in range(6)),
                title=f"Document {turn}",
                heading=sentence(2),
                page=number + 1,
                collection="bench",
                score=1.0,
            )
            for number in range(talk.passages)
        )
        yield f"Question {turn + 1}: what holds for {sentence(4)}", found


async def converse(url: str, model: str, talk: Talk, order: str) -> list[Row]:
    """The rows of one conversation in that order. Raises BackendError and NoCounters."""
    backend = OpenAIBackend(url)
    rows: list[Row] = []
    history: tuple[Exchange, ...] = ()
    for turn, (question, passages) in enumerate(questions(talk), 1):
        messages = ORDERS[order](Material(question, history, passages))
        before, began, first, answer = await counters(url), monotonic(), 0.0, ""
        request = ChatRequest(model, messages, ANSWER_TOKENS, Sampling(0.0))
        async for delta in backend.stream(request):
            if isinstance(delta, TextDelta):
                first = first or monotonic() - began
                answer += delta.text
        after = await counters(url)
        asked, cached = (round(getattr(after, n) - getattr(before, n)) for n in ("asked", "cached"))
        rows.append(Row(order, turn, asked, cached, first))
        history = (*history, Exchange(question, answer))
    return rows


async def counters(url: str) -> Counted:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/metrics") as answer:
        if answer.status != 200:
            raise NoCounters(f"Its /metrics answer {answer.status}: start it with metrics.")
        return counted(await answer.text())


def table(rows: list[Row]) -> str:
    head = f"{'order':<16}{'turn':>5}{'prompt':>9}{'cached':>9}{'rate':>7}{'first text':>13}"
    lines = [
        f"{row.order:<16}{row.turn:>5}{row.asked:>9,}{row.cached:>9,}{row.share:>7.0%}"
        f"{row.first_text:>11.2f} s"
        for row in rows
    ]
    orders = dict.fromkeys(row.order for row in rows)
    totals = [f"{order:<16}  all{total(rows, order)}" for order in orders]
    return "\n".join([head, *lines, *totals])


def total(rows: list[Row], order: str) -> str:
    """Behind the first turn, before which nothing of a conversation can be in a cache."""
    later = [row for row in rows if row.order == order and row.turn > 1]
    asked, cached = sum(row.asked for row in later), sum(row.cached for row in later)
    share = cached / asked if asked else 0.0
    return f"{asked:>9,}{cached:>9,}{share:>7.0%}   from the second turn on"


@contextmanager
def built_in() -> Iterator[str]:
    """The product's own model server, freshly started."""
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen(model_command(url))
    try:
        until = monotonic() + START_SECONDS
        while not http_answers(f"{url}/health"):
            if process.poll() is not None or monotonic() > until:
                raise SystemExit("The model server did not start.")
        yield url
    finally:
        process.terminate()
        process.wait()


async def run(url: str, model: str, talk: Talk, orders: list[str]) -> list[Row]:
    name = model or (await OpenAIBackend(url).served_models())[0].name
    rows: list[Row] = []
    for order in orders:
        rows += await converse(url, name, talk, order)
    return rows


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m bench.prefix", description=__doc__)
    top.add_argument("--url", help="a server to measure; without it, the built-in one")
    top.add_argument("--model", default="", help="as that server names it; its first otherwise")
    top.add_argument("--turns", type=int, default=6)
    top.add_argument("--passages", type=int, default=3, help="with each question")
    top.add_argument("--orders", nargs="+", choices=ORDERS, default=list(ORDERS))
    top.add_argument("--seed", type=int, default=1)
    top.add_argument("--json", type=Path, default=JSON)
    return top


def main() -> int:
    options = parser().parse_args()
    talk = Talk(options.turns, options.passages, options.seed)
    described = machine.describe()

    def measured(url: str) -> list[Row]:
        return asyncio.run(run(url, options.model, talk, options.orders))

    if options.url:
        rows = measured(options.url.rstrip("/").removesuffix("/v1"))
    else:
        with built_in() as url:
            rows = measured(url)
    print(f"{described}; seed {talk.seed}\n{table(rows)}")
    report: dict[str, Any] = {
        "machine": described,
        "talk": asdict(talk),
        "rows": [{**asdict(row), "share": row.share} for row in rows],
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
