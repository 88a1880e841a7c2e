"""Figures of models in words."""

from chatapp.backends.facts import Effort, Facts
from chatapp.catalog.fit import Need, Use
from chatapp.catalog.models import Pull, PullState
from chatapp.catalog.traits import Traits

UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
NOT_TOLD = "not told"


def size(count: int) -> str:
    """Bytes in decimal units, as makers of memory and of models print them."""
    for unit, name in UNITS:
        if count >= unit:
            return (
                f"{count / unit:.3g} {name}"
                if count < 999.5 * unit
                else f"{count / unit:,.0f} {name}"
            )
    return f"{count} bytes"


def billions(count: int) -> str:
    return f"{count / 10**9:.3g} billion" if count >= 10**9 else f"{count / 10**6:.3g} million"


def parameters(traits: Traits) -> str:
    if traits.parameters is None:
        return NOT_TOLD
    total = billions(traits.parameters)
    return f"{total}, {billions(traits.active)} active" if traits.active else total


def modalities(traits: Traits) -> str:
    return "text and images" if traits.sees else "text"


def reasoning(traits: Traits) -> str:
    if not traits.efforts:
        return "no"
    if traits.efforts == (Effort.ON,):
        return "always"
    chosen = f", unasked {traits.effort}" if traits.effort else ""
    return f"{', '.join(traits.efforts)}{chosen}"


def memory(found: Need, use: Use) -> str:
    """What a model needs as this site uses it."""
    return f"about {size(found.total)} for {use.people} at once with {use.context:,} tokens"


def pulled(pull: Pull) -> str:
    """How far a pull is."""
    if pull.state == PullState.FAILED:
        return pull.reason
    if pull.state == PullState.CANCELLED:
        return "What had come is kept by the server for the next time."
    if pull.state == PullState.DONE:
        return f"{size(pull.total)}, digests checked by its server."
    if not pull.total:
        return pull.status.capitalize() or "Waits for a worker"
    return f"{size(pull.completed)} of {size(pull.total)}, {pull.percent}%: {pull.status}"


def figures(traits: Traits, facts: Facts, context: int | None) -> list[tuple[str, str]]:
    """What a card says of a model; ``context`` is the most that is used of it."""
    made_for = f"{facts.context_tokens:,} tokens" if facts.context_tokens else NOT_TOLD
    used = f"{context:,} of {made_for}" if context and facts.context_tokens else ""
    return [
        ("Parameters", parameters(traits)),
        ("Context", used or (f"{context:,} tokens" if context else made_for)),
        ("Takes", modalities(traits)),
        ("Reasoning", reasoning(traits)),
        ("Quantization", facts.quantization or NOT_TOLD),
        ("Weights", size(facts.bytes) if facts.bytes else NOT_TOLD),
    ]
