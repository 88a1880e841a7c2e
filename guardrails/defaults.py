"""The policy that a site starts with: closed, and calm about ordinary office questions."""

from collections.abc import Mapping
from typing import Any

from guardrails.verdict import CATEGORIES, INJECTION, PERSONAL_DATA, SECRETS

# Every judge's scores are calibrated so that 0.5 is where it changes its mind.
BLOCK = {"action": "block", "threshold": 0.5}
FLAG = {"action": "flag", "threshold": 0.5}
REDACT = {"action": "redact", "threshold": 0.5}
ALLOW = {"action": "allow", "threshold": 0.5}
# Questions of law, medicine and money are everyday work, and so is comparing competitors, quoting
# a text or writing code, which nothing here runs: a person may look at them, but they are not kept
# from anyone.
FLAGGED = ("S5", "S6", "S8", "S13", "S14")


HAZARDS = {code: FLAG if code in FLAGGED else BLOCK for code in CATEGORIES}

DEFAULT_BODY: Mapping[str, Any] = {
    "stages": {
        "request": {
            "categories": {
                **HAZARDS,
                INJECTION: FLAG,
                PERSONAL_DATA: FLAG,
                SECRETS: REDACT,
            },
            "message": "Your question was not passed on, because it seems to be about: "
            "{categories}. If that is a mistake, please put it in other words.",
            "on_failure": "block",
        },
        "passage": {
            "categories": {
                # A policy on harassment or a safety sheet speaks of harm, and should be found.
                **dict.fromkeys(CATEGORIES, ALLOW),
                INJECTION: BLOCK,
                PERSONAL_DATA: FLAG,
                SECRETS: REDACT,
            },
            "message": "This passage is kept out of answers, because it was judged to hold: "
            "{categories}.",
            "on_failure": "block",
        },
        "response": {
            "categories": {
                **HAZARDS,
                INJECTION: FLAG,
                PERSONAL_DATA: REDACT,
                SECRETS: REDACT,
            },
            "message": "The rest of this answer is withheld, because it seems to be about: "
            "{categories}. Please put your question in other words.",
            "on_failure": "block",
        },
    },
    "messages": {
        "failure": "The safety check could not be completed, so this is withheld. "
        "Please try again in a moment.",
        "redacted": "Some of the text was removed, because it should not be shown.",
    },
    "labels": {
        PERSONAL_DATA: "[personal data removed]",
        SECRETS: "[secret removed]",
    },
    "window": {"characters": 240, "overlap": 240, "holdback": 48, "most": 4000},
}
