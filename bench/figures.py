"""From what readers saw to figures, and figures as a table."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import accumulate

from bench.load import Stream

Stamps = Mapping[str, Sequence[float]]
MILLI = 1000.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles, in milliseconds; nan where there was nothing to measure."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What the readers of some streams saw.

    ``first`` is the time from the question to the first text; ``held`` how much of that the text
    waited for more of the model's words, those that it came with and those that a guard reads
    before it lets a text go; ``rest`` is the rest of ``first``; ``token`` the time of each token
    from the model server to the reader.
    """

    completed: int
    failed: int
    failures: tuple[str, ...]
    tokens: int
    first: Spread
    held: Spread
    rest: Spread
    token: Spread


def seen(
    streams: Sequence[Stream], stamps: Stamps, words: Sequence[str], holdback: int = 0
) -> Seen:
    """``words`` are the answer's tokens; an answer that lacks some counts as failed. ``holdback``
    is how many characters the guard reads behind those that it lets go."""
    ends = list(accumulate(map(len, words)))
    good = [each for each in streams if not each.failure and reached(each) == ends[-1]]
    failures = {each.failure or "the answer is not whole" for each in streams if each not in good}
    first = [each.arrivals[0][0] - each.asked for each in good]
    held = [hold(each, stamps[each.mark], ends, holdback) for each in good]
    token = [lag for each in good for lag in lags(each, stamps[each.mark], ends)]
    return Seen(
        completed=len(good),
        failed=len(streams) - len(good),
        failures=tuple(sorted(failures)),
        tokens=sum(bisect_left(ends, reached(each) + 1) for each in streams),
        first=spread(first),
        held=spread(held),
        rest=spread(whole - waited for whole, waited in zip(first, held, strict=True)),
        token=spread(token),
    )


def reached(stream: Stream) -> int:
    """How many characters came."""
    return stream.arrivals[-1][1] if stream.arrivals else 0


def lags(stream: Stream, sent: Sequence[float], ends: Sequence[int]) -> Iterable[float]:
    """For each token the seconds from when it was sent to when all of it had come."""
    counts = [characters for _, characters in stream.arrivals]
    for stamp, end in zip(sent, ends, strict=True):
        yield stream.arrivals[bisect_left(counts, end)][0] - stamp


def hold(stream: Stream, sent: Sequence[float], ends: Sequence[int], holdback: int) -> float:
    """Seconds from the first token's being sent to that of the last that had to be read before
    the first text could come."""
    needed = min(stream.arrivals[0][1] + holdback, ends[-1])
    return sent[bisect_left(ends, needed)] - sent[0]


def spread(seconds: Iterable[float]) -> Spread:
    ordered = sorted(seconds)
    return Spread(*(percentile(ordered, share) * MILLI for share in (0.5, 0.95, 0.99)))


def percentile(ordered: Sequence[float], share: float) -> float:
    """By the nearest rank."""
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True)
class Load:
    """What a burst took of the web process: CPU seconds, and MiB at its end."""

    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Row:
    """One burst by one way, beside the direct way's at the same number of streams. ``load`` is
    None where the web process has no part in it."""

    guard: str
    streams: int
    way: str
    seen: Seen
    direct: Seen
    load: Load | None = None

    @property
    def cpu_per_thousand(self) -> float | None:
        """CPU seconds of the web process for a thousand tokens."""
        return self.load.cpu / max(1, self.seen.tokens) * 1000 if self.load else None

    def as_json(self) -> dict[str, object]:
        """All figures, with what the way adds to the direct one and the ratio of both."""
        mine, base = self.seen, self.direct
        added = {"first": less(mine.first, base.first), "token": less(mine.token, base.token)}
        added["own"] = less(mine.rest, base.rest)
        ratio = {"first": over(mine.first, base.first), "token": over(mine.token, base.token)}
        return {
            "guard": self.guard,
            "streams": self.streams,
            "way": self.way,
            **asdict(mine),
            "added": {name: asdict(value) for name, value in added.items()},
            "ratio": {name: asdict(value) for name, value in ratio.items()},
            "cpu_seconds_per_thousand_tokens": self.cpu_per_thousand,
            "memory_mib": self.load.memory if self.load else None,
        }


def less(one: Spread, other: Spread) -> Spread:
    return Spread(one.p50 - other.p50, one.p95 - other.p95, one.p99 - other.p99)


def over(one: Spread, other: Spread) -> Spread:
    return Spread(*(a / b for a, b in zip(astuple(one), astuple(other), strict=True)))


COLUMNS: Mapping[str, Callable[[Row], str]] = {
    "streams": lambda row: str(row.streams),
    "guard": lambda row: row.guard,
    "way": lambda row: row.way,
    "done": lambda row: str(row.seen.completed),
    "failed": lambda row: str(row.seen.failed),
    "first p50": lambda row: f"{row.seen.first.p50:.1f}",
    "p95": lambda row: f"{row.seen.first.p95:.1f}",
    "added p50": lambda row: f"{row.seen.first.p50 - row.direct.first.p50:+.1f}",
    "held": lambda row: f"{row.seen.held.p50:.1f}",
    "own": lambda row: f"{row.seen.rest.p50 - row.direct.rest.p50:+.1f}",
    "ratio": lambda row: f"{row.seen.first.p50 / row.direct.first.p50:.2f}",
    "token p50": lambda row: f"{row.seen.token.p50:.1f}",
    "p95 ": lambda row: f"{row.seen.token.p95:.1f}",
    "p99": lambda row: f"{row.seen.token.p99:.1f}",
    "added p95": lambda row: f"{row.seen.token.p95 - row.direct.token.p95:+.1f}",
    "CPU s/1k": lambda row: "" if row.load is None else f"{row.cpu_per_thousand:.3f}",
    "MiB": lambda row: "" if row.load is None else f"{row.load.memory:.0f}",
}


def table(rows: Sequence[Row]) -> str:
    """One line a row; times in milliseconds."""
    lines = [list(COLUMNS), *([read(row) for read in COLUMNS.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
