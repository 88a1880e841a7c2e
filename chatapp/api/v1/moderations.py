"""The guard as a service: ``/v1/moderations``.

OpenAI's shape with Parapet's categories: S1 to S14 of Llama Guard's taxonomy, and what its own
rules find. Source: https://platform.openai.com/docs/api-reference/moderations.
"""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from chatapp import wiring
from chatapp.api.errors import NotFound
from chatapp.api.keys import Caller
from chatapp.api.models import Scope
from chatapp.api.v1.calling import holder_of
from chatapp.api.v1.chat_request import ANSWER_CHARS
from chatapp.api.v1.kinds import Strict
from chatapp.api.vetting import checked
from chatapp.conversations import record
from chatapp.conversations.verdicts import Decided
from chatapp.moderation.services import Where
from chatapp.rows import in_rows
from guardrails.verdict import CATEGORIES, OWN_CATEGORIES, Action, Decision, Stage, Subject

MODEL = "parapet-guard"
MOST_TEXTS = 64
NAMES = {**CATEGORIES, **OWN_CATEGORIES}
router = APIRouter(prefix="/v1/moderations", tags=["Moderations"])
Moderator = Annotated[Caller, Depends(holder_of(Scope.MODERATIONS))]
Judged = Annotated[str, Field(max_length=ANSWER_CHARS)]


class JudgedPart(Strict):
    type: Literal["text"]
    text: Judged


class ModerationRequest(Strict):
    """``stage`` says as what the texts are judged: what a person asks, what a document holds, or
    what a model answers."""

    input: (
        Judged
        | Annotated[list[Judged], Field(min_length=1, max_length=MOST_TEXTS)]
        | Annotated[list[JudgedPart], Field(min_length=1, max_length=MOST_TEXTS)]
    )
    model: str | None = None
    stage: Stage = Stage.REQUEST


class Result(BaseModel):
    """``categories`` are those that the policy acts on; ``category_scores`` the best score (0 to
    1) that any judge gave, 0 where none gave one. ``failures`` are judges that gave no verdict,
    which counts as unsafe wherever the policy says so."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_names: dict[str, str]
    category_applied_input_types: dict[str, list[str]]
    action: Annotated[str, Field(json_schema_extra={"enum": [each.label for each in Action]})]
    failures: list[str]


class Moderation(BaseModel):
    id: str
    model: str = MODEL
    policy_version: int
    judges: list[str]
    results: list[Result]


@router.post("", summary="Judge texts")
async def create_moderation(asked: ModerationRequest, caller: Moderator) -> Moderation:
    """Judged under the policy in force, and logged as everything that the guard acts on."""
    if asked.model not in (None, MODEL):
        raise NotFound(f"There is “{MODEL}” alone.", param="model", code="model_not_found")
    number, guard = uuid4(), await in_rows(wiring.guard)
    subjects = [Subject(asked.stage, text) for text in texts_of(asked)]
    decisions = await checked(subjects, guard)
    await in_rows(log, decisions, subjects, caller.where(number))
    return Moderation(
        id=f"modr-{number.hex}",
        policy_version=guard.policy.version,
        judges=list(guard.names_at(asked.stage)),
        results=[result_of(decision) for decision in decisions],
    )


def texts_of(asked: ModerationRequest) -> list[str]:
    given = [asked.input] if isinstance(asked.input, str) else asked.input
    return [each if isinstance(each, str) else each.text for each in given]


def log(decisions: Sequence[Decision], subjects: Sequence[Subject], where: Where) -> None:
    """Every decision but plain passes."""
    for decision, subject in zip(decisions, subjects, strict=True):
        if not decision.is_plain_pass:
            record.decided(Decided(decision, subject), where)


def result_of(decision: Decision) -> Result:
    """The decision without a word of what was judged."""
    scores = dict.fromkeys(NAMES, 0.0)
    for verdict in decision.verdicts:
        for finding in verdict.findings:
            scores[finding.category] = max(scores[finding.category], finding.score)
    acted = {finding.category for finding in decision.findings}
    return Result(
        flagged=decision.action is not Action.ALLOW,
        categories={category: category in acted for category in NAMES},
        category_scores=scores,
        category_names=NAMES,
        category_applied_input_types={category: ["text"] for category in NAMES},
        action=decision.action.label,
        failures=[f"{failure.judge} gave no verdict." for failure in decision.failures],
    )
