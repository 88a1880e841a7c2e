"""What people say of their answers: kept once for each answer, changed and taken back."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils import timezone

from chatapp import access
from chatapp.accounts.models import User
from chatapp.conversations.models import UNFINISHED, Feedback, Reason
from chatapp.conversations.problems import NO_TURN, Invalid, NotFound

PRAISE = (Reason.CORRECT, Reason.CLEAR, Reason.SOURCED)
COMPLAINTS = tuple(reason for reason in Reason if reason not in PRAISE)
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """Whether an answer helped, and why, as far as that was told."""

    helpful: bool
    reasons: tuple[str, ...] = ()
    words: str = ""


def read(fields: QueryDict) -> Said | None:
    """What a form says; None takes back what was said. Raises Invalid."""
    verdict = fields.get("helpful")
    if verdict == "":
        return None
    if verdict not in ("yes", "no"):
        raise Invalid("Say whether the answer helped: yes, no, or nothing.")
    reasons = tuple(dict.fromkeys(fields.getlist("reasons")))
    possible = PRAISE if verdict == "yes" else COMPLAINTS
    if any(reason not in possible for reason in reasons):
        raise Invalid("This is none of the reasons that can be given.")
    words = fields.get("words", "").replace("\0", "").strip()
    if len(words) > LONGEST:
        raise Invalid(f"Please say it in {LONGEST:,} characters or fewer.")
    return Said(verdict == "yes", reasons, words)


def say(user: User, turn: UUID, said: Said | None) -> None:
    """Keep what ``user`` says of an answer of theirs in the place of what they said before. The
    database decides between two at once. Raises NotFound."""
    ended = access.own_turns(user).exclude(status__in=UNFINISHED)
    if not ended.filter(id=turn).exists():
        raise NotFound(NO_TURN)
    if said is None:
        access.own_feedback(user).filter(turn=turn).delete()
        return
    row = Feedback(turn_id=turn, person=user, updated=timezone.now(), **_values(said))
    try:
        with transaction.atomic():
            Feedback.objects.bulk_create(
                [row],
                update_conflicts=True,
                unique_fields=["turn", "person"],
                update_fields=["helpful", "reasons", "words", "updated"],
            )
    except IntegrityError:  # the conversation was deleted meanwhile
        raise NotFound(NO_TURN) from None


def _values(said: Said) -> dict[str, Any]:
    return {"helpful": said.helpful, "reasons": list(said.reasons), "words": said.words}


def told(row: Feedback | None) -> dict[str, Any] | None:
    """The row as a page is given it."""
    if row is None:
        return None
    return _values(Said(row.helpful, tuple(row.reasons), row.words))


def choices() -> dict[str, list[dict[str, str]]]:
    """The reasons that a page offers."""

    def named(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
        return [{"value": reason.value, "label": str(reason.label)} for reason in reasons]

    return {"yes": named(PRAISE), "no": named(COMPLAINTS)}
