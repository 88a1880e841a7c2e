"""The last lines of a start: where to go, and how to sign in."""

import json
from collections.abc import Mapping
from pathlib import Path

from chatapp.launch.console import Console
from chatapp.launch.plan import Plan

DEMONSTRATION = (
    "  The answers come from a demonstration model, far too small for real questions.",
    "  To connect a better one, start Ollama with a model, or set MODEL_URL (see the README).",
)


def sign_ins(var: Path) -> list[Mapping[str, str]]:
    """The accounts that the seed made: name, password and role of each; none before that."""
    path = var / "sign-ins.json"
    if not path.exists():
        return []
    accounts: list[Mapping[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return accounts


def greet(console: Console, plan: Plan, seconds: float) -> None:
    """Print the address, a sign-in per role, and what the model is."""
    console.say()
    console.say(f"Parapet is ready at {plan.url} ({seconds:.1f} s)")
    console.say()
    for account in sign_ins(plan.var):
        console.say(f"  {account['role']:<12} {account['name']:<12} {account['password']}")
    console.say()
    if plan.settings.get("MODEL_IS_DEMO"):
        for line in DEMONSTRATION:
            console.say(line)
    console.say(f"  Ctrl-C stops everything; logs are in {plan.var / 'log'}.")
