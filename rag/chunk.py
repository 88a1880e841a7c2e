"""Cuts a document into pieces along its structure, each within a budget of tokens.

A piece lies under one heading and on one page, so that its citation is true. Blocks are kept
whole where they fit; one that does not is cut between lines, then sentences, then words, then
anywhere. A table's header row stands at the top of each of its pieces. No word is lost, and the
same document gives the same pieces.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from rag.extract.clean import one_line
from rag.passage import Block, Extracted, Piece
from rag.tokens import estimate

# Of a model that reads 256 word pieces: what the estimate may be low by is left over.
SIZE = 200
LEAST_SIZE = 40
ARROW = " > "
HEADING_CHARS = 500
# Longer ones are sentences that somebody styled as a heading.
ONE_HEADING_CHARS = 150
# Share of the budget that title and headings, or a table's header, may take.
LEAD_SHARE = 3
SLICE_CHARS = 64

Count = Callable[[str], int]
Fits = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that is cut only if it must be: ``gap`` divides it from the unit before it;
    ``lead`` is put above it where a piece starts with it, or where it ``opens`` the table that
    the lead is the header of; ``level`` is how finely it was cut already."""

    text: str
    gap: str = "\n\n"
    lead: str = ""
    opens: bool = False
    level: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under one heading path and on one page."""

    path: tuple[str, ...]
    page: int | None
    blocks: tuple[Block, ...]


def cut(extracted: Extracted, size: int = SIZE, count: Count = estimate) -> list[Piece]:
    """The pieces of ``extracted``: ``count(piece.embedded)`` is at most ``size`` for each.

    Raises ValueError for a ``size`` under 40, which leaves no room for text.
    """
    if size < LEAST_SIZE:
        raise ValueError(f"a piece needs a budget of at least {LEAST_SIZE} tokens")
    pieces: list[Piece] = []

    def may_lead(text: str) -> bool:
        return count(text) <= size // LEAD_SHARE

    for section in _sections(extracted.blocks):
        lead = _lead(extracted.title, section.path, may_lead)
        fits = partial(_fits, lead, size, count)
        heading = _path(section.path)
        for text in _pack(_units(section.blocks, may_lead), fits):
            pieces.append(Piece(len(pieces), text, heading, section.page, _below(lead, text)))
    return pieces


def _fits(lead: str, size: int, count: Count, text: str) -> bool:
    return count(_below(lead, text)) <= size


def _below(lead: str, text: str) -> str:
    return f"{lead}\n\n{text}" if lead else text


def _sections(blocks: Sequence[Block]) -> Iterator[Section]:
    """Blocks that stand under one heading and on one page."""
    path: list[Block] = []
    held: list[Block] = []
    for block in _with_levels(blocks):
        if held and (block.level or block.page != held[0].page):
            yield _section(path, held)
            held = []
        if block.level:
            path = [heading for heading in path if heading.level < block.level]
        if block.kind == "heading":
            path.append(block)
        else:
            held.append(block)
    if held:
        yield _section(path, held)


def _section(path: list[Block], held: list[Block]) -> Section:
    return Section(tuple(one_line(h.text) for h in path), held[0].page, tuple(held))


def _with_levels(blocks: Sequence[Block]) -> Iterator[Block]:
    """Only headings have levels, except those with nothing under them: text, at their level."""
    whole = [_plain_or_heading(block) for block in blocks]
    for index, block in enumerate(whole):
        after = whole[index + 1] if index + 1 < len(whole) else None
        bare = after is None or 0 < after.level <= block.level
        yield replace(block, kind="text") if block.level and bare else block


def _plain_or_heading(block: Block) -> Block:
    if block.kind != "heading":
        return replace(block, level=0)
    if len(block.text) > ONE_HEADING_CHARS:
        return replace(block, kind="text", level=0)
    return replace(block, level=max(1, block.level))


def _path(path: Sequence[str]) -> str:
    """The headings as one line; where it is too long, the outermost go."""
    while len(ARROW.join(path)) > HEADING_CHARS:
        path = path[1:]
    return ARROW.join(path)


def _lead(title: str, path: Sequence[str], fits: Fits) -> str:
    """Title and heading path in as many tokens as ``fits`` allows: the middle goes first."""
    parts = [title, *path] if title and title not in path[:1] else list(path)
    while len(parts) > 2 and not fits(ARROW.join(parts)):
        del parts[1]
    words = ARROW.join(parts).split(" ")
    most = _most(len(words), lambda n: fits(" ".join(words[:n])))
    return " ".join(words[:most])


def _units(blocks: Iterable[Block], may_lead: Fits) -> Iterator[Unit]:
    """What a section's pieces are packed from: a table's rows, any other block whole."""
    before = ""
    for block in blocks:
        gap = "\n" if before == block.kind == "list" else "\n\n"
        before = block.kind
        header, _, rows = block.text.partition("\n")
        if block.kind != "table" or not rows:
            yield Unit(block.text, gap)
        elif may_lead(header):
            lines = rows.split("\n")
            yield Unit(lines[0], gap, header, opens=True)
            yield from (Unit(row, "\n", header) for row in lines[1:])
        else:
            yield from (Unit(row, "\n") for row in block.text.split("\n"))


def _pack(units: Iterable[Unit], fits: Fits) -> Iterator[str]:
    """As many units a text as fit; a unit that does not fit alone is cut."""
    queue = deque(units)
    while queue:
        most = _most(len(queue), lambda n: fits(_text(list(islice(queue, n)))))
        if most == 0:
            queue.extendleft(reversed(_finer(queue.popleft())))
            if queue[0].level > LAST_LEVEL:
                most = 1  # one character is over the budget: there is nothing left to cut
        if most:
            yield _text([queue.popleft() for _ in range(most)])


def _text(units: list[Unit]) -> str:
    parts: list[str] = []
    for unit in units:
        if parts:
            parts.append(unit.gap)
        if unit.lead and (not parts or unit.opens):
            parts.append(unit.lead + "\n")
        parts.append(unit.text)
    return "".join(parts)


def _most(limit: int, fits: Callable[[int], bool]) -> int:
    """The largest n up to ``limit`` that fits, where whatever is below one that fits does: by
    doubling, then halving, since texts are long and budgets short. 0 where not even 1 does."""
    good, step = 0, 1
    while good + step <= limit and fits(good + step):
        good += step
        step *= 2
    bad = min(limit + 1, good + step)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if fits(middle) else (good, middle)
    return good


def _finer(unit: Unit) -> list[Unit]:
    """``unit`` as smaller ones, at the coarsest level that divides it."""
    for level, (divider, gap) in enumerate(DIVIDERS, 1):
        if level <= unit.level:
            continue
        texts = [text for text in divider(unit.text) if text]
        if len(texts) > 1:
            first = replace(unit, text=texts[0], level=level)
            rest = (Unit(text, gap, unit.lead, level=level) for text in texts[1:])
            return [first, *rest]
    return [replace(unit, level=LAST_LEVEL + 1)]


def _slices(text: str) -> list[str]:
    return [text[at : at + SLICE_CHARS] for at in range(0, len(text), SLICE_CHARS)]


# How a unit is cut, from coarse to fine, and what stands between its parts again.
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])")
DIVIDERS: tuple[tuple[Callable[[str], list[str]], str], ...] = (
    (str.splitlines, "\n"),
    (SENTENCE_END.split, " "),
    (str.split, " "),
    (_slices, ""),
    (list, ""),
)
LAST_LEVEL = len(DIVIDERS)
