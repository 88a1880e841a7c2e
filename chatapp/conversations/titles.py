"""What a conversation is called until somebody renames it."""

import re

TITLE_CHARS = 60
# Marks of Markdown, which a title does not set: heads, emphasis, code, the bars of tables.
MARKDOWN = re.compile(r"^#{1,6}\s+|[*`|]+")


def title_of(text: str) -> str:
    """The first words of a question: a conversation's title until it is renamed."""
    line = MARKDOWN.sub("", one_line(text)).strip()
    if len(line) <= TITLE_CHARS:
        return line or "Conversation"
    words = line[: TITLE_CHARS - 1].rpartition(" ")[0]
    return (words or line[: TITLE_CHARS - 1]) + "…"


def one_line(text: str) -> str:
    """The words of ``text`` with one space between them, and nothing that is not printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
