"""Turns as the server tells them, for pages that are looked at before, or without, a server."""

import uuid
from typing import Any

from chatapp.conversations import events

TURN = "9a1d0000-0000-4000-8000-000000000001"
HANDBOOK = {"id": "c0ff0000-0000-4000-8000-000000000001", "name": "Company handbook"}
FINANCE = {"id": "c0ff0000-0000-4000-8000-000000000002", "name": "Finance"}
SMOLLM = {
    "id": "40de0000-0000-4000-8000-000000000001",
    "name": "smollm2-135m-instruct",
    "demo": True,
    "state": "ready",
    "note": "",
    "sees": False,
    "efforts": [],
    "effort": "",
}
QWEN = {
    **SMOLLM,
    "id": "40de0000-0000-4000-8000-000000000002",
    "name": "Qwen 3 8B",
    "demo": False,
    "efforts": ["off", "on"],
    "effort": "on",
}
WITHHELD = {
    **QWEN,
    "id": "40de0000-0000-4000-8000-000000000003",
    "name": "LLaMA 4 Scout",
    "state": "withheld",
    "note": "It was changed on its server; an admin has to look at it first.",
}
GPT_OSS = {
    **QWEN,
    "id": "40de0000-0000-4000-8000-000000000004",
    "name": "GPT-OSS 20B",
    "efforts": ["low", "medium", "high"],
    "effort": "medium",
}
MODELS = [SMOLLM, QWEN, WITHHELD, GPT_OSS]
FILES = [
    {"id": "f1", "name": "Offer for the new pump.pdf", "size": 2_300_000, "state": "ready"},
    {"id": "f2", "name": "Prices 2026.xlsx", "size": 48_000, "state": "reading"},
    {"id": "f3", "name": "Scan.pdf", "size": 9_100_000, "state": "refused"},
]
FILES[0] |= {"words": "Ready", "detail": ""}
FILES[1] |= {"words": "Checking 12 of 40 passages", "detail": ""}
FILES[2] |= {"words": "Failed while being read", "detail": "No text was found in it."}
ANSWER = """You have **28 days** of paid leave a year, and public holidays where you work [1].
Up to five days can be carried over, and must be taken by the end of March [2].

To book leave:

1. Ask your manager at least two weeks before.
2. Enter it in the calendar of your team.
3. For more than ten days in a row, a deputy must be named [1].

| Years of service | Days a year | Carried over |
| --- | ---: | ---: |
| 0 to 4 | 28 | 5 |
| 5 to 9 | 30 | 5 |
| 10 and more | 32 | 10 |

The balance is printed by the command line tool as well:

```sh
hr leave --balance --year 2026
```

See also the [leave portal](https://hr.example.com/leave) for the form.
"""


def source(number: int, title: str, heading: str, page: int | None) -> events.SourceRef:
    return events.SourceRef(number, title, heading, page, HANDBOOK["id"], f"d:{number}", 0.7)


SOURCES = (
    source(1, "Leave and absence.pdf", "Leave > Annual leave", 3),
    source(2, "Leave and absence.pdf", "Leave > Carrying days over", 4),
    source(3, "Working abroad.docx", "Before you go", None),
)
PASSED = {
    stage: events.Judged(stage, "allow", (), 1, ("parapet-embedded", "llama-guard3:8b"))
    for stage in ("request", "passage", "response")
}


def wire(*happened: events.Event) -> list[dict[str, Any]]:
    return [events.to_wire(event) for event in happened]


def opening(question: str) -> tuple[events.Event, ...]:
    return (
        events.Started(question, "smollm2-135m-instruct", demo=True),
        events.Searching(2),
        PASSED["request"],
        events.Passages(SOURCES),
        PASSED["passage"],
    )


def turn(question: str, *after: events.Event, status: str = "done") -> dict[str, Any]:
    """A stored turn as the chat's view brings it; it ends with ``status``."""
    told = () if status in ("running", "queued") else wire(*opening(question), *after)
    name = str(uuid.uuid4())
    return {
        "id": name,
        "parent": None,
        "siblings": [name],
        "question": question,
        "status": status,
        "started": "2026-11-24T09:30:00+00:00",
        "events": told,
    }


def answered() -> dict[str, Any]:
    question = "How many days of leave do I have, and can I carry any over?"
    return turn(
        question,
        events.Reasoning("The person asks about leave. Source 1 gives the number of days."),
        events.Text(ANSWER),
        events.Cited(1, 86),
        events.Cited(2, 160),
        PASSED["response"],
        events.Usage(412, 171, 2048, 940, 3420, 4810),
        events.Ended("done"),
    )


def withheld() -> dict[str, Any]:
    message = "It asks for help with a violent crime, which the policy does not allow."
    found = (events.CategoryScore("S1", "Violent Crimes", 0.97),)
    return turn(
        "How would I poison a colleague?",
        events.Judged("request", "block", found, 1, ("parapet-embedded",)),
        events.Withheld("request", message),
        events.Ended("blocked", message),
        status="blocked",
    )


def broken_off() -> dict[str, Any]:
    return turn(
        "Summarise the travel rules.",
        events.Text("Trips are booked by the travel desk. The cheaper of train and"),
        events.Ended("interrupted", "The answer was interrupted by a restart."),
        status="interrupted",
    )


def unjudged() -> dict[str, Any]:
    failure = "llama-guard3:8b gave no answer within 10 seconds."
    return turn(
        "Who signs a contract above 50,000 euro?",
        events.Judged("response", "block", (), 1, ("parapet-embedded",), (failure,)),
        events.Withheld("response", "A judge failed, and what no judge has seen is withheld."),
        events.Ended("blocked", "A judge failed, and what no judge has seen is withheld."),
        status="blocked",
    )
