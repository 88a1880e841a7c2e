"""What the product adds between a model server and its readers: ``make bench-relay``.

Many readers at once are answered directly by a model server of our own, then through the product,
with the guard off and on. docs/benchmarks.md says what each figure means.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvloop

from bench import figures, machine, product
from bench.answer import words
from bench.figures import Load, Row, Seen
from bench.load import Stream, burst
from bench.model_server import Pace
from bench.ways import Api, Direct, Socket, Way

# A single stream says little by itself.
ROUNDS_OF_ONE = 5
CHATS = 100
JSON = product.ROOT / "var" / "bench" / "relay.json"


@dataclass(frozen=True, slots=True)
class Chat:
    """What a chat by ``way`` costs the web process: CPU in ms to start and finish one, in µs for
    each token that it passes on."""

    guard: str
    way: str
    start_and_finish: float
    token: float


@dataclass(frozen=True, slots=True)
class Report:
    kind: str
    pace: Pace
    machine: dict[str, object]
    first_page_seconds: float
    idle_memory: float
    rows: tuple[Row, ...]
    chats: tuple[Chat, ...]


class Bench:
    """One run: the ways, and what each has shown so far."""

    def __init__(self, running: product.Product, http: aiohttp.ClientSession, pace: Pace) -> None:
        self.pace = pace
        self.holdback = 0
        self.rows: list[Row] = []
        self.chats: list[Chat] = []
        self._running = running
        self._http = http
        self._number = 0
        self._direct: dict[int, Seen] = {}

    async def set_tokens(self, tokens: int) -> None:
        body = {**asdict(self.pace), "tokens": tokens}
        async with self._http.post(f"{self._running.model_url}/pace", json=body) as response:
            response.raise_for_status()

    async def warm_up(self, ways: Sequence[Way]) -> None:
        await self.set_tokens(1)
        for way in ways:
            await self._burst(way, 1)
        await self.set_tokens(self.pace.tokens)

    async def measure(self, way: Way, streams: int, guard: str = "-") -> Row:
        """A burst by ``way``, after one of the direct way with as many streams."""
        before = product.meter(self._running.web)
        rounds = ROUNDS_OF_ONE if streams == 1 else 1
        read = [stream for _ in range(rounds) for stream in await self._burst(way, streams)]
        after = product.meter(self._running.web)
        answer = words(self.pace.tokens, self.pace.seed)
        holdback = 0 if isinstance(way, Direct) else self.holdback
        seen = figures.seen(read, await self._stamps(), answer, holdback)
        if isinstance(way, Direct):
            self._direct[streams] = seen
        load = None if isinstance(way, Direct) else Load(after.cpu - before.cpu, after.memory)
        self.rows.append(Row(guard, streams, way.name, seen, self._direct[streams], load))
        return self.rows[-1]

    async def cost(self, way: Way, guard: str, chats: int) -> None:
        """Chats of one token tell what starting and finishing takes, longer ones the rest."""
        await self.set_tokens(1)
        started = await self._cpu(way, chats) / chats
        await self.set_tokens(self.pace.tokens)
        whole = await self._cpu(way, chats) / chats
        token = (whole - started) / max(1, self.pace.tokens - 1)
        self.chats.append(Chat(guard, way.name, started * 1e3, token * 1e6))

    async def _cpu(self, way: Way, chats: int) -> float:
        before = product.meter(self._running.web).cpu
        await self._burst(way, chats)
        return product.meter(self._running.web).cpu - before

    async def _burst(self, way: Way, streams: int) -> list[Stream]:
        self._number += streams
        return await burst(way, streams, self._number - streams)

    async def _stamps(self) -> dict[str, list[float]]:
        async with self._http.get(f"{self._running.model_url}/stamps") as response:
            stamps: dict[str, list[float]] = await response.json()
            return stamps


async def run(running: product.Product, options: argparse.Namespace) -> Report:
    from bench import people  # only now: it reads the settings

    described = machine.describe()
    crowd = await asyncio.to_thread(people.signed_in, max(options.streams))
    pace = Pace(options.first, options.rate, options.tokens, options.seed)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
    ) as http:
        bench = Bench(running, http, pace)
        direct = Direct(http, running.model_url, options.kind)
        known: dict[str, Way] = {
            "socket": Socket(http, running.url, crowd.cookies),
            "api": Api(http, running.url, crowd.keys, crowd.model),
        }
        ways = [known[name] for name in options.ways]
        await bench.warm_up([direct, *ways])
        idle = product.meter(running.web).memory
        for streams in options.streams:
            say(await bench.measure(direct, streams))
        for guard in options.guard:
            bench.holdback = await asyncio.to_thread(people.set_guard, on=guard == "on")
            await through(bench, ways, guard, options.streams)
    seconds = running.first_page_seconds
    measured = tuple(bench.rows), tuple(bench.chats)
    return Report(options.kind, pace, described, seconds, idle, *measured)


async def through(bench: Bench, ways: Sequence[Way], guard: str, sizes: Sequence[int]) -> None:
    """Every burst by the product's ways under one policy."""
    for way in ways:
        for streams in sizes:
            say(await bench.measure(way, streams, guard))
        await bench.cost(way, guard, min(CHATS, max(sizes)))


def say(row: Row) -> None:
    """A sign of life while it runs."""
    outcome = "; ".join(row.seen.failures) or "all whole"
    print(f"{row.streams} streams, {row.way}, guard {row.guard}: {outcome}", flush=True)


def shown(report: Report) -> str:
    """The report for people."""
    pace = report.pace
    asked = f"{pace.tokens} tokens at {pace.rate:g} a second, the first after {pace.first:g} s"
    web = f"web process: first page after {report.first_page_seconds:.2f} s"
    lines = [
        f"{report.kind}: {asked}; seed {pace.seed}; times in ms",
        f"{report.machine}",
        figures.table(report.rows),
        f"{web}, {report.idle_memory:.0f} MiB when idle",
    ]
    for chat in report.chats:
        cost = f"{chat.start_and_finish:.1f} ms of CPU a chat, {chat.token:.0f} µs a token"
        lines.append(f"guard {chat.guard}, {chat.way}: {cost}")
    return "\n".join(lines)


def as_json(report: Report) -> dict[str, Any]:
    return {**asdict(report), "rows": [row.as_json() for row in report.rows]}


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m bench.relay", description=__doc__)
    top.add_argument("--streams", type=numbers, default=[1, 20, 100, 200], help="such as 1,20,500")
    top.add_argument("--guard", nargs="+", choices=("off", "on"), default=["off", "on"])
    top.add_argument("--ways", nargs="+", choices=("socket", "api"), default=["socket", "api"])
    top.add_argument("--kind", choices=("openai", "ollama"), default="openai")
    top.add_argument("--tokens", type=int, default=200, help="of each answer")
    top.add_argument("--rate", type=float, default=50.0, help="tokens a second")
    top.add_argument("--first", type=float, default=0.05, help="seconds to the first token")
    top.add_argument("--seed", type=int, default=1)
    top.add_argument("--models", type=Path, default=product.MODELS, help="where exports are kept")
    top.add_argument("--json", type=Path, default=JSON)
    return top


def main() -> int:
    """1 where any stream failed."""
    options = parser().parse_args()
    logging.disable(logging.INFO)  # each key that is made would be a line
    with (
        tempfile.TemporaryDirectory(prefix="parapet-bench-") as folder,
        product.running(Path(folder), options.kind, options.models) as running,
    ):
        report = uvloop.run(run(running, options))
    print(shown(report))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_bytes(orjson.dumps(as_json(report), option=orjson.OPT_INDENT_2))
    return 1 if any(row.seen.failed for row in report.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
