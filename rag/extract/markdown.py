"""Markdown, by markdown-it-py (CommonMark with tables); HTML in it gives only its text."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from rag.extract import tables, web
from rag.extract.clean import one_line
from rag.extract.encodings import decode
from rag.extract.source import Source
from rag.passage import Block, Extracted

FRONT_MATTER = re.compile(r"---[^\S\n]*\n(.*?\n)---[^\S\n]*(?:\n|$)", re.S)
# CommonMark's own preset drops in silence whatever is deeper than 20.
MOST_NESTING = 100
CODE = ("fence", "code_block")
LISTS = ("bullet_list", "ordered_list")


def read(source: Source) -> Extracted:
    text = (decode(source.data) or "").replace("\r\n", "\n").replace("\r", "\n")
    blocks = []
    front = FRONT_MATTER.match(text)
    if front:
        blocks.append(Block("code", front[1]))
        text = text[front.end() :]
    parser = MarkdownIt("commonmark", {"maxNesting": MOST_NESTING}).enable("table")
    tokens = parser.parse(text)
    blocks.extend(_blocks(SyntaxTreeNode(tokens)))
    return Extracted(_title(blocks), tuple(blocks))


def _title(blocks: list[Block]) -> str:
    """The only heading of the first level, if there is one only."""
    first = [block.text for block in blocks if block.kind == "heading" and block.level == 1]
    return first[0] if len(first) == 1 else ""


def _blocks(parent: SyntaxTreeNode) -> Iterator[Block]:
    for node in parent.children:
        if node.type == "heading":
            yield Block("heading", one_line(_inline(node)), level=int(node.tag[1]))
        elif node.type == "paragraph":
            yield Block("text", _inline(node))
        elif node.type in CODE:
            yield Block("code", node.content)
        elif node.type in LISTS:
            yield Block("list", "\n".join(_items(node, 0)))
        elif node.type == "table":
            yield Block("table", _table(node))
        elif node.type == "html_block":
            yield Block("text", web.visible_text(node.content))
        else:
            yield from _blocks(node)


def _items(parent: SyntaxTreeNode, depth: int) -> Iterator[str]:
    number = int(parent.attrs.get("start", 1)) if parent.type == "ordered_list" else None
    for index, item in enumerate(parent.children):
        mark = "-" if number is None else f"{number + index}."
        lead = f"{'  ' * depth}{mark} "
        for node in item.children:
            if node.type in LISTS:
                yield from _items(node, depth + 1)
            else:
                yield lead + "\n".join(block.text for block in _blocks(_alone(node)))
                lead = "  " * (depth + 1)


def _alone(node: SyntaxTreeNode) -> SyntaxTreeNode:
    """``node`` as the only child of a parent."""
    parent = SyntaxTreeNode()
    parent.children = [node]
    return parent


def _table(table: SyntaxTreeNode) -> str:
    rows = (row for part in table.children for row in part.children)
    return tables.as_text([_inline(cell) for cell in row.children] for row in rows)


def _inline(node: SyntaxTreeNode) -> str:
    if node.type in ("text", "code_inline", "image"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return " " if node.type == "softbreak" else "\n"
    return "".join(_inline(child) for child in node.children)
