"""An answer as Markdown of which no reader fetches or runs anything unasked.

On the page no image of an answer is loaded, so that no document can make one that carries words
away. A file is opened by other readers, which load them, and take HTML for what it is.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

LINE_BREAK = re.compile(r"\r\n?|\n")
BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
ACTIVE = re.compile(r"!(?=\[)|<(?!br\s*/?>)(?=[A-Za-z/!?])", re.IGNORECASE)
INSTEAD = {"!": "&#33;", "<": "&lt;"}


def inert(answer: str) -> str:
    """``answer`` with its images as links and its HTML as words, and no block of code left open.
    Code stays as it is, unless what is around it would come to life."""
    lines = LINE_BREAK.split(answer)
    tokens = _parsed(lines)
    for kept in (set(_lines_of_code(tokens)), set[int]()):
        if not any(map(_is_active, _all(tokens))):
            break
        lines = [
            line if number in kept else ACTIVE.sub(lambda sign: INSTEAD[sign[0]], line)
            for number, line in enumerate(lines)
        ]
        tokens = _parsed(lines)
    return "\n".join([*lines, *_missing_end(tokens, lines)])


def _parsed(lines: list[str]) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse("\n".join(lines))


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _is_active(token: Token) -> bool:
    is_break = BREAK.fullmatch(token.content) is not None
    return token.type in ("image", "html_block") or (token.type == "html_inline" and not is_break)


def _lines_of_code(tokens: list[Token]) -> Iterator[int]:
    for token in tokens:
        if token.type == "fence" and token.map:
            yield from range(*token.map)


def _missing_end(tokens: list[Token], lines: list[str]) -> list[str]:
    """What closes the last block of code, where that is still open."""
    last = tokens[-1] if tokens else None
    if last is None or last.type != "fence" or last.map is None:
        return []
    first, end = last.map
    closed = end - first > 1 and lines[end - 1].strip().startswith(last.markup)
    return [] if closed and not lines[end - 1].strip().strip(last.markup[0]) else [last.markup]
