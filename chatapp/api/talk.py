"""A client's list of messages as a turn sees it: instructions, what was said before, a question."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from chatapp.api.errors import Invalid
from chatapp.conversations.prompt import Exchange

BETWEEN = "\n\n"
NO_QUESTION = "The last message must be the user's: it is what is answered."
NO_BEGINNING = "The first message after the instructions must be the user's."


@dataclass(frozen=True, slots=True)
class Said:
    """One message; ``role`` is system, user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """``instructions`` is "" where there are none."""

    instructions: str
    history: tuple[Exchange, ...]
    question: str


def talk_of(messages: Iterable[Said]) -> Talk:
    """What ``messages`` say. Neighbours of one role become one message, since the templates of
    many models want roles to alternate. Raises Invalid where it does not end with a question."""
    spoken = [each for each in messages if each.text.strip()]
    instructions = BETWEEN.join(each.text for each in spoken if each.role == "system")
    turns = joined([each for each in spoken if each.role != "system"])
    if not turns or turns[-1].role != "user":
        raise Invalid(NO_QUESTION, param="messages")
    if turns[0].role != "user":
        raise Invalid(NO_BEGINNING, param="messages")
    before = turns[:-1]
    pairs = zip(before[::2], before[1::2], strict=True)
    history = tuple(Exchange(asked.text, answered.text) for asked, answered in pairs)
    return Talk(instructions, history, turns[-1].text)


def joined(messages: Sequence[Said]) -> list[Said]:
    """``messages`` with alternating roles."""
    runs = groupby(messages, key=lambda each: each.role)
    return [Said(role, BETWEEN.join(each.text for each in run)) for role, run in runs]
