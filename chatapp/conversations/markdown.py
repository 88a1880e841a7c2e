"""A conversation as Markdown, for people to read and keep.

Answers are Markdown already and stay so, without what a reader would load unasked. Everything else,
a question or the name of a document, is somebody's words and sets nothing: it is escaped or quoted.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from chatapp.accounts.models import User
from chatapp.conversations.export import Outline, turns
from chatapp.conversations.inert import inert

SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")
OTHERS = "Other versions"


def as_markdown(user: User, told: Outline) -> Iterator[bytes]:
    """The branch that is shown, then the turns of all others."""
    title = plain(told.conversation.title)
    yield f"# {title}\n\nExported {_moment(timezone.now())}.\n".encode()
    numbers = {name: n for n, name in enumerate(told.shown + told.others, 1)}
    for turn in turns(user, told.shown):
        yield _section(turn, f"## {numbers[turn['id']]}").encode()
    if told.others:
        yield f"\n## {OTHERS}\n".encode()
    for turn in turns(user, told.others):
        after = numbers.get(turn["parent"])
        place = f", after {after}" if after else ", at the beginning"
        yield _section(turn, f"### {numbers[turn['id']]}{place}").encode()


def plain(words: str) -> str:
    """``words`` on one line, without a meaning in Markdown."""
    return SIGNS.sub(r"\\\1", " ".join(words.split()))


def _section(turn: dict[str, Any], heading: str) -> str:
    answer = inert(turn["answer"].strip())
    parts = [
        heading,
        f"**Question**, {_moment(turn['started'])}",
        _quoted(turn["question"]),
        *([_images(turn)] if turn["images"] else []),
        f"**Answer**{_by(turn)}",
        *([answer] if answer else []),
        *(f"**Withheld:** {plain(each['message'])}" for each in turn["withheld"]),
        *([_ending(turn)] if turn["status"] != "done" or turn["reason"] else []),
        *([_sources(turn)] if turn["sources"] else []),
        *([_verdicts(turn)] if turn["verdicts"] else []),
    ]
    return "\n" + "\n\n".join(parts) + "\n"


def _quoted(text: str) -> str:
    """A quotation with its own lines, in which nothing is set."""
    return "\n".join(f"> {plain(line)}  " if line.strip() else ">" for line in text.splitlines())


def _images(turn: dict[str, Any]) -> str:
    count = len(turn["images"])
    return "*With an image.*" if count == 1 else f"*With {count} images.*"


def _by(turn: dict[str, Any]) -> str:
    model = turn["model"]
    if not model["name"]:
        return ""
    digest = f", {plain(model['digest'])}" if model["digest"] else ""
    return f" of {plain(model['name'])}{digest}"


def _ending(turn: dict[str, Any]) -> str:
    return f"*{turn['status'].capitalize()}.* {plain(turn['reason'])}".strip()


def _sources(turn: dict[str, Any]) -> str:
    return "**Sources**\n\n" + "\n".join(f"- {_place(source)}" for source in turn["sources"])


def _place(source: dict[str, Any]) -> str:
    place = [plain(source["title"])]
    if source["page"]:
        place.append(f"page {source['page']}")
    if source["heading"]:
        place.append(plain(source["heading"]))
    if not source["readable"]:
        place.append("which may not be read any more")
    return f"\\[{source['number']}\\] " + ", ".join(place)


def _verdicts(turn: dict[str, Any]) -> str:
    said = (f"{each['stage']} {each['action']}" for each in turn["verdicts"])
    return f"**Checked** by policy {turn['policy_version']}: {', '.join(said)}"


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}"
