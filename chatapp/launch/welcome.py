"""The last lines of a start: where to go, and how to sign in."""

from collections.abc import Iterable

from chatapp.launch.console import Console
from chatapp.launch.plan import Plan

DEMONSTRATION = (
    "  The answers come from a demonstration model, far too small for real questions. To connect",
    "  a better one, open Models as the admin, or start Ollama with a model before this.",
)


def greet(console: Console, plan: Plan, sign_ins: Iterable[str], seconds: float) -> None:
    """Print the address, a sign-in per role, and what the model is."""
    console.say()
    console.say(f"Parapet is ready at {plan.url} ({seconds:.1f} s)")
    console.say()
    for sign_in in sign_ins:
        role, account = sign_in.split(": ", 1)
        console.say(f"  {role:<14}{account}")
    console.say()
    if plan.settings.get("MODEL_IS_DEMO"):
        for line in DEMONSTRATION:
            console.say(line)
    console.say(f"  Ctrl-C stops everything. Logs: {plan.var / 'log'}")
