"""HTML, by lxml: what a browser would show, in its order; nothing is ever fetched.

Scripts, styles and hidden elements are left out: by the ``hidden`` attribute, by inline style,
or by a plain rule of a ``<style>`` of the page itself.
"""

import codecs
import re
from typing import Any

from lxml import etree

from rag.extract import tables
from rag.extract.clean import one_line
from rag.extract.encodings import MARKS, decode
from rag.extract.source import Source
from rag.passage import Block, Extracted

HEADINGS = {f"h{level}": level for level in range(1, 7)}
DROPPED = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "head",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "canvas",
        "select",
        "textarea",
        "datalist",
    }
)
BREAKING = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "caption",
    }
) | set(HEADINGS)
CONCEALS = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|opacity\s*:\s*0(\.0+)?\s*(;|$|!)"
    r"|font-size\s*:\s*(0(\.\d+)?(px|pt|r?em|%)?|1p[xt])\s*(;|$|!)",
    re.I,
)
# Stands for <br>, since a line break in the source is a space; no page holds a null by then.
BR = "\0"
SIMPLE_SELECTOR = re.compile(r"[\w-]*([.#][\w-]+)?")
CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]+)""", re.I)


def read(source: Source) -> Extracted:
    title, blocks = blocks_of(decoded(source.data))
    return Extracted(title, tuple(blocks))


def decoded(data: bytes) -> str:
    """The page's text: its mark's encoding, or the one that it declares, or a guessed one."""
    declared = CHARSET.search(data[:4096])
    if declared and not data.startswith(tuple(mark for mark, _ in MARKS)):
        try:
            return data.decode(codecs.lookup(declared[1].decode()).name)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data) or ""


def blocks_of(html: str) -> tuple[str, list[Block]]:
    """The title ("" for none) and the blocks of a page or of a part of one."""
    root = _parse(html)
    if root is None:
        return "", []
    title = root.findtext(".//title") or ""
    return one_line(title), _Reader(_concealing_rules(root)).read(root)


def visible_text(html: str) -> str:
    """The text of a part of a page."""
    return "\n".join(block.text for block in blocks_of(html)[1])


def _parse(html: str) -> Any:
    # lxml refuses text that declares an encoding, so it gets bytes and is told which.
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True
    )
    data = html.replace("\0", "").encode("utf-8", "replace")
    return etree.fromstring(data, parser) if data.strip() else None


def _concealing_rules(root: Any) -> frozenset[str]:
    """Simple selectors ("p", ".note", "#x", "p.note") whose rule conceals; rules inside at-rules,
    such as those for print, do not count."""
    found: set[str] = set()
    for style in root.iter("style"):
        depth, prelude, body = 0, "", ""
        for part in re.split(r"([{}])", style.text or ""):
            if part == "{":
                depth += 1
            elif part == "}":
                depth -= 1
                if depth == 0 and "@" not in prelude and CONCEALS.search(body):
                    found.update(name.strip() for name in prelude.split(","))
            elif depth == 0:
                prelude = part
            else:
                body = part
    return frozenset(name for name in found if name and SIMPLE_SELECTOR.fullmatch(name))


class _Reader:
    """Walks a page once and collects blocks."""

    def __init__(self, rules: frozenset[str]) -> None:
        self.rules = rules
        self.blocks: list[Block] = []
        self.words: list[str] = []
        self.heading = 0
        self.pre = 0
        self.lists: list[int | None] = []
        self.mark = ""

    def read(self, root: Any) -> list[Block]:
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if event == "end":
                self._end(element)
            elif self._is_hidden(element):
                walk.skip_subtree()
            elif element.tag == "table" and element.find(".//table") is None:
                self._table(element)
                walk.skip_subtree()
            else:
                self._start(element)
        self._flush()
        return self.blocks

    def _is_hidden(self, element: Any) -> bool:
        tag = element.tag
        if not isinstance(tag, str) or tag in DROPPED or element.get("hidden") is not None:
            return True
        if CONCEALS.search(element.get("style", "")):
            return True
        if not self.rules:
            return False
        names = [f".{name}" for name in element.get("class", "").split()]
        names += [f"#{element.get('id')}"] if element.get("id") else []
        return any(name in self.rules or tag + name in self.rules for name in ["", *names])

    def _start(self, element: Any) -> None:
        tag = element.tag
        if tag in BREAKING:
            self._flush()
        if tag in HEADINGS:
            self.heading = HEADINGS[tag]
        elif tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.mark = self._next_mark()
        elif tag == "pre":
            self.pre += 1
        elif tag == "br":
            self.words.append(BR)
        elif tag == "img":
            self.words.append(f" {element.get('alt', '')} ")
        self.words.append(element.text or "")

    def _end(self, element: Any) -> None:
        tag = element.tag
        if tag in BREAKING and not self._is_hidden(element):
            self._flush()
            if tag in HEADINGS:
                self.heading = 0
            elif tag in ("ul", "ol") and self.lists:
                self.lists.pop()
            elif tag == "pre":
                self.pre -= 1
        self.words.append(element.tail or "")

    def _next_mark(self) -> str:
        depth = "  " * max(0, len(self.lists) - 1)
        number = self.lists[-1] if self.lists else None
        if number is None:
            return f"{depth}- "
        self.lists[-1] = number + 1
        return f"{depth}{number + 1}. "

    def _flush(self) -> None:
        raw = "".join(self.words)
        self.words.clear()
        if not raw.strip(BR + " \t\r\n"):
            return
        if self.pre:
            self.blocks.append(Block("code", raw.replace(BR, "\n")))
        elif self.heading:
            self.blocks.append(Block("heading", one_line(raw.replace(BR, " ")), level=self.heading))
        else:
            self._add("list" if self.lists else "text", self._lines(raw))

    def _lines(self, raw: str) -> str:
        """The lines that ``<br>`` makes; the mark of a list item stands before its first."""
        mark, self.mark = self.mark, ""
        return mark + "\n".join(one_line(line) for line in raw.split(BR))

    def _add(self, kind: str, text: str) -> None:
        last = self.blocks[-1] if self.blocks else None
        if last and kind == last.kind == "list":
            self.blocks[-1] = Block("list", f"{last.text}\n{text}")
        else:
            self.blocks.append(Block(kind, text))

    def _table(self, table: Any) -> None:
        self._flush()
        rows = [
            [self._cell(cell) for cell in row.iterchildren("td", "th")] for row in table.iter("tr")
        ]
        text = tables.as_text(row for row in rows if row)
        for caption in table.iterchildren("caption"):
            self.blocks.append(Block("text", self._cell(caption)))
        if text:
            self.blocks.append(Block("table", text))

    def _cell(self, cell: Any) -> str:
        inner = _Reader(self.rules)
        return " ".join(block.text for block in inner.read(cell))
