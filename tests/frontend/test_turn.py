"""The reducer: a turn is the same however its events came."""

import itertools
import random
from typing import Any

import pytest
from playwright.sync_api import Page

from chatapp.conversations import events
from tests.frontend import scripted

QUESTION = "How many days of leave do I have?"
TALE = scripted.wire(
    *scripted.opening(QUESTION),
    events.Queued(3),
    events.Loading(40),
    events.Retried("The model is busy."),
    events.Answering("gemma3:4b", "d2"),
    events.Reasoning("First, the number. "),
    events.Text("You have **28 days**"),
    events.Text(" of leave [1]. 😀 "),
    events.Cited(1, 29),
    events.Cited(1, 35),
    events.Withheld("response", "It names a person."),
    events.Text("Ask your manager."),
    scripted.PASSED["response"],
    events.Usage(412, 30, 4096, 900, 2000, 3100),
    events.Ended("done"),
)

STATE = """async ([events, resumed]) => {
  const { newTurn, receive, resume } = await import("/static/js/chat/turn.js");
  if (resumed) return resume({ id: "t", question: "q", status: resumed, events });
  return events.reduce((turn, event, index) => receive(turn, index + 1, event), newTurn("t", "q"));
}"""


def state(page: Page, tale: list[dict[str, Any]], resumed: str = "") -> dict[str, Any]:
    result: dict[str, Any] = page.evaluate(STATE, [tale, resumed])
    return result


def without_seq(turn: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in turn.items() if name != "seq"}


def split(tale: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """The same tale with its texts cut at random places."""
    chance = random.Random(seed)  # noqa: S311  not a secret
    pieces: list[dict[str, Any]] = []
    for event in tale:
        text = event.get("text")
        if text is None:
            pieces.append(event)
            continue
        cuts = sorted({0, len(text), *chance.choices(range(len(text) + 1), k=5)})
        pieces += [{**event, "text": text[a:b]} for a, b in itertools.pairwise(cuts)]
    return pieces


def test_a_whole_turn_becomes_one_state(blank: Page) -> None:
    turn = state(blank, TALE)
    assert turn["status"] == "done"
    assert turn["phase"] == "ended"
    assert turn["question"] == QUESTION
    assert turn["demo"] is True
    assert turn["model"] == "gemma3:4b"
    assert turn["retried"] == ["The model is busy."]
    assert [source["number"] for source in turn["sources"]] == [1, 2, 3]
    assert turn["cited"] == [1]
    assert turn["reasoning"] == "First, the number. "
    assert turn["parts"] == [
        {"kind": "text", "text": "You have **28 days** of leave [1]. 😀 "},
        {"kind": "withheld", "stage": "response", "message": "It names a person."},
        {"kind": "text", "text": "Ask your manager."},
    ]
    assert [one["stage"] for one in turn["judged"]] == ["request", "passage", "response"]
    assert turn["digest"] == "d2"
    assert turn["usage"] == {
        "prompt_tokens": 412,
        "answer_tokens": 30,
        "context_tokens": 4096,
        "first_text_ms": 900,
        "writing_ms": 2000,
        "total_ms": 3100,
    }


@pytest.mark.parametrize("seed", range(20))
def test_any_split_of_the_text_gives_the_same_state(blank: Page, seed: int) -> None:
    assert without_seq(state(blank, split(TALE, seed))) == without_seq(state(blank, TALE))


def test_a_resumed_turn_is_the_same_as_a_live_one(blank: Page) -> None:
    assert without_seq(state(blank, TALE, "done")) == without_seq(state(blank, TALE))


def test_events_that_come_twice_change_nothing(blank: Page) -> None:
    again = blank.evaluate(
        """async (events) => {
          const { newTurn, receive } = await import("/static/js/chat/turn.js");
          const seen = events.map((event, index) => [index + 1, event]);
          const twice = [...seen.slice(0, 9), ...seen.slice(2)];
          return twice.reduce((turn, [seq, event]) => receive(turn, seq, event), newTurn("t", "q"));
        }""",
        TALE,
    )
    assert again == state(blank, TALE)


def test_nothing_changes_after_the_end(blank: Page) -> None:
    late = [*TALE, *scripted.wire(events.Text("more"), events.Ended("failed", "no"))]
    assert without_seq(state(blank, late)) == without_seq(state(blank, TALE))


def test_a_running_turn_starts_anew_and_is_told_from_its_first_event(blank: Page) -> None:
    turn = state(blank, TALE[:4], "running")
    assert turn["seq"] == 0
    assert turn["status"] == "running"
    assert turn["parts"] == []


def test_an_unknown_kind_of_event_is_left_alone(blank: Page) -> None:
    odd = [*TALE[:3], {"type": "of_a_later_version", "text": "x"}, *TALE[3:]]
    assert without_seq(state(blank, odd)) == without_seq(state(blank, TALE))


def test_the_reducer_knows_every_kind_of_event(blank: Page) -> None:
    unknown = blank.evaluate(
        """async (kinds) => {
          const source = await (await fetch("/static/js/chat/turn.js")).text();
          return kinds.filter((kind) => !new RegExp(`^  ${kind}: \\\\(`, "m").test(source));
        }""",
        list(events.KINDS),
    )
    assert unknown == []


WORDS: list[tuple[list[events.Event], str]] = [
    ([events.Started("q", "m")], "Checking your question"),
    ([events.Searching(2)], "Searching 2 collections"),
    ([events.Searching(1)], "Searching 1 collection"),
    ([events.Passages(scripted.SOURCES)], "Reading 3 passages"),
    ([events.Passages(())], "Thinking"),
    ([events.Queued(3)], "Third in queue"),
    ([events.Queued(12)], "Number 12 in queue"),
    ([events.Loading(40)], "Loading the model, about 40 s"),
    ([events.Loading(None)], "Loading the model…"),
    ([events.Retried("The model is busy.")], "Trying again"),
    ([events.Reasoning("x")], "Thinking"),
    ([events.Text("x")], "Writing"),
    ([events.Ended("done")], ""),
]


@pytest.mark.parametrize(("told", "words"), WORDS)
def test_waiting_has_words(blank: Page, told: list[events.Event], words: str) -> None:
    said = blank.evaluate(
        """async (turn) => (await import("/static/js/chat/words.js")).waiting(turn)""",
        state(blank, scripted.wire(*told)),
    )
    assert said == words


@pytest.mark.parametrize(
    ("judged", "label", "tone"),
    [
        ([("request", "allow"), ("response", "allow")], "Checked, policy 4", "pass"),
        ([("request", "allow"), ("response", "flag")], "Flagged, policy 4", "flag"),
        ([("passage", "redact"), ("response", "allow")], "Redacted, policy 4", "flag"),
        ([("request", "flag"), ("response", "block")], "Withheld, policy 4", "block"),
    ],
)
def test_the_seal_tells_the_strictest_decision(
    blank: Page, judged: list[tuple[str, str]], label: str, tone: str
) -> None:
    told = scripted.wire(*(events.Judged(s, a, (), 4, ("j",)) for s, a in judged))
    seal = blank.evaluate(
        """async (judged) => (await import("/static/js/chat/words.js")).seal(judged)""", told
    )
    assert (seal["label"], seal["tone"]) == (label, tone)


def test_a_failed_judge_is_never_sealed_as_checked(blank: Page) -> None:
    told = scripted.wire(events.Judged("response", "allow", (), 4, ("j",), ("It timed out.",)))
    seal = blank.evaluate(
        """async (judged) => (await import("/static/js/chat/words.js")).seal(judged)""", told
    )
    assert (seal["label"], seal["tone"]) == ("A judge failed, policy 4", "block")
