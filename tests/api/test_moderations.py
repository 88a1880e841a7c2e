"""The guard as a service."""

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from channels.db import database_sync_to_async
from openai import AsyncOpenAI, BadRequestError, NotFoundError, PermissionDeniedError
from openai.types import ModerationTextInputParam

from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.api.models import Scope
from chatapp.moderation.models import Entry
from guardrails.guard import Guard
from guardrails.verdict import CATEGORIES, OWN_CATEGORIES
from tests.api.conftest import make_key
from tests.conversations.scripted import POLICY, ScriptedJudge

Judging = Callable[[ScriptedJudge], None]


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> ScriptedJudge:
    """Finds weapons in "bomb", a secret in "hunter2" and advice in "lawyer"; has a headache of
    "leave"."""
    made = ScriptedJudge({"bomb": "S9", "hunter2": "SECRETS", "lawyer": "S6", "leave": None})
    monkeypatch.setattr(wiring, "guard", lambda: Guard([made], POLICY, timeout=5.0))
    return made


async def test_each_text_is_judged(client: AsyncOpenAI, judge: ScriptedJudge) -> None:
    texts = ["Good morning", "A bomb", "Ask a lawyer", "It is hunter2"]
    answer = await client.moderations.create(input=texts)
    assert answer.id.startswith("modr-")
    assert answer.model == "parapet-guard"
    assert [result.flagged for result in answer.results] == [False, True, True, True]
    found = [result.model_extra and result.model_extra["action"] for result in answer.results]
    assert found == ["allow", "block", "flag", "redact"]
    assert [subject.text for subject in judge.seen] == texts


async def test_categories_have_scores_and_names(http: httpx.AsyncClient, judge: object) -> None:
    answer = (await http.post("/moderations", json={"input": "A bomb"})).json()
    assert (answer["policy_version"], answer["judges"]) == (7, ["scripted"])
    (result,) = answer["results"]
    assert list(CATEGORIES) == [f"S{number}" for number in range(1, 15)]
    assert result["categories"].keys() == {*CATEGORIES, *OWN_CATEGORIES}
    assert [name for name, acted in result["categories"].items() if acted] == ["S9"]
    assert (result["category_scores"]["S9"], result["category_scores"]["S1"]) == (0.99, 0)
    assert result["category_names"]["S9"] == "Indiscriminate Weapons"
    assert result["category_applied_input_types"]["S9"] == ["text"]


async def test_a_text_may_come_in_each_of_openais_forms(
    client: AsyncOpenAI, judge: ScriptedJudge
) -> None:
    await client.moderations.create(input="one")
    await client.moderations.create(input=["two", ""])
    part: ModerationTextInputParam = {"type": "text", "text": "three"}
    await client.moderations.create(input=[part], model="parapet-guard")
    assert [subject.text for subject in judge.seen] == ["one", "two", "", "three"]


async def test_the_stage_may_be_named(client: AsyncOpenAI, judge: ScriptedJudge) -> None:
    for stage in ("request", "passage", "response"):
        await client.moderations.create(input="Hello", extra_body={"stage": stage})
    assert [subject.stage.value for subject in judge.seen] == ["request", "passage", "response"]


async def test_a_judge_that_fails_is_no_pass(http: httpx.AsyncClient, judge: object) -> None:
    answer = (await http.post("/moderations", json={"input": "About leave"})).json()
    (result,) = answer["results"]
    assert (result["flagged"], result["action"]) == (True, "block")
    assert result["failures"] == ["scripted gave no verdict."]
    assert not any(result["categories"].values())


async def test_the_log_is_told_as_of_everything(
    client: AsyncOpenAI, judge: object, employee: User
) -> None:
    answer = await client.moderations.create(input=["Good morning", "A bomb"])
    (entry,) = [entry async for entry in Entry.objects.all()]
    assert (entry.action, entry.text, entry.person) == ("block", "A bomb", "emma")
    assert entry.turn_id == UUID(answer.id.removeprefix("modr-"))


async def test_what_makes_no_sense_is_refused(client: AsyncOpenAI, judge: ScriptedJudge) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    wrong: list[dict[str, object]] = [
        {"input": []},
        {"input": ["a"] * 65},
        {"input": [picture]},
        {"input": [["a"]]},
        {"input": 7},
        {"input": "x" * 64_001},
        {"input": "a", "extra_body": {"stage": "tool"}},
        {"input": "a", "extra_body": {"policy": "off"}},
    ]
    for body in wrong:
        with pytest.raises(BadRequestError):
            await client.moderations.create(**body)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(NotFoundError, match="parapet-guard"):
        await client.moderations.create(input="a", model="omni-moderation-latest")
    assert judge.seen == []


async def test_another_scope_does_not_judge(
    client: AsyncOpenAI, judge: ScriptedJudge, employee: User
) -> None:
    others = [scope for scope in Scope if scope is not Scope.MODERATIONS]
    key = await database_sync_to_async(make_key)(employee, *others)
    with pytest.raises(PermissionDeniedError):
        await client.with_options(api_key=key).moderations.create(input="A bomb")
    assert judge.seen == []
