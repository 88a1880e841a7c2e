"""Questions by the official client: the same turn as on the page, in OpenAI's shapes."""

from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group
from openai import APIError, AsyncOpenAI, BadRequestError, InternalServerError, NotFoundError
from openai.types.chat import ChatCompletionChunk

from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.backends.base import Finished, Sampling, TextDelta
from chatapp.backends.errors import ContextExceeded, Overloaded, Unreachable
from chatapp.catalog.dispatch import Caller
from chatapp.catalog.models import LanguageModel
from chatapp.conversations.prompt import SYSTEM
from chatapp.conversations.turn import Tools
from chatapp.library.models import Collection
from tests.api.chatting import MODEL, asking, assistant, chunks, said, system, user
from tests.conversations.conftest import Use
from tests.conversations.scripted import (
    DONE,
    ScriptedBackend,
    ScriptedSearch,
    make_tools,
    passage,
    saying,
    thinking,
)

pytestmark = pytest.mark.usefixtures("named_model")


@pytest.fixture
async def collection(rows: None, employee: User) -> Collection:
    """Read by the employee's group."""

    def make() -> Collection:
        made = Collection.objects.create(name="Handbook")
        made.readers.add(Group.objects.get(name="staff"))
        return made

    made: Collection = await database_sync_to_async(make)()
    return made


async def pieces(client: AsyncOpenAI, **more: Any) -> list[ChatCompletionChunk]:
    stream = await client.chat.completions.create(**asking(stream=True, **more))
    return [piece async for piece in stream]


async def test_a_question_is_answered(client: AsyncOpenAI, use: Use) -> None:
    use(make_tools(saying("You have ", "28 days.")))
    answer = await client.chat.completions.create(**asking())
    choice = answer.choices[0]
    assert choice.message.content == "You have 28 days."
    assert (choice.message.role, choice.message.refusal) == ("assistant", None)
    assert choice.finish_reason == "stop"
    assert answer.model == MODEL
    assert answer.id.startswith("chatcmpl-")
    assert answer.created > 1_700_000_000
    assert answer.system_fingerprint == "sha256:1234"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (12, 3)
    assert answer.usage.total_tokens == 15


async def test_it_is_answered_in_pieces(client: AsyncOpenAI, use: Use) -> None:
    use(make_tools(saying("You have ", "28 days. ", "And more.")))
    got = await pieces(client, stream_options={"include_usage": True})
    assert "".join(p.choices[0].delta.content or "" for p in got[:-1]) == (
        "You have 28 days. And more."
    )
    assert got[0].choices[0].delta.role == "assistant"
    assert [p.choices[0].finish_reason for p in got[:-1]] == [None] * (len(got) - 2) + ["stop"]
    assert got[-1].choices == []
    assert got[-1].usage is not None
    assert got[-1].usage.total_tokens == 15
    assert len({p.id for p in got}) == 1


async def test_without_being_asked_a_stream_has_no_usage(client: AsyncOpenAI) -> None:
    assert not [p for p in await pieces(client) if p.usage or not p.choices]


async def test_the_clients_helper_for_streams_works(client: AsyncOpenAI, use: Use) -> None:
    use(make_tools(saying("One. ", "Two.")))
    async with client.chat.completions.stream(**asking()) as stream:
        final = await stream.get_final_completion()
    assert final.choices[0].message.content == "One. Two."


async def test_the_client_keeps_the_history_and_may_give_instructions(
    client: AsyncOpenAI, use: Use
) -> None:
    backend = saying("Fine.")
    use(make_tools(backend))
    parts = {
        "role": "user",
        "content": [{"type": "text", "text": "And"}, {"type": "text", "text": "now?"}],
    }
    first = await client.chat.completions.create(**asking(user("How are you?")))
    await client.chat.completions.create(
        **asking(
            system("Speak like a pirate."),
            user("How are you?"),
            first.choices[0].message.model_dump(),
            {"role": "developer", "content": "And briefly."},
            parts,
            user("Well?"),
        )
    )
    asked = backend.requests[1].messages
    assert [message.role for message in asked] == ["system", "user", "assistant", "user"]
    assert asked[0].content.startswith(SYSTEM)
    assert asked[0].content.endswith("Speak like a pirate.\n\nAnd briefly.")
    assert (asked[1].content, asked[2].content) == ("How are you?", "Fine.")
    assert asked[3].content.endswith("And\n\nnow?\n\nWell?")


async def test_wishes_reach_the_model_within_its_limits(client: AsyncOpenAI, use: Use) -> None:
    backend = saying("Fine.")
    use(make_tools(backend))
    await client.chat.completions.create(
        **asking(temperature=0, top_p=0.5, seed=7, stop=["END"], max_tokens=9)
    )
    await client.chat.completions.create(**asking(stop="END", max_completion_tokens=9999))
    await client.chat.completions.create(**asking())
    own, long, plain = backend.requests
    assert (own.sampling, own.max_tokens) == (Sampling(0.0, 0.5, 7, ("END",)), 9)
    assert (long.sampling.stop, long.max_tokens) == (("END",), 256)
    assert (plain.sampling, plain.max_tokens) == (Sampling(), 256)


async def test_an_answer_that_was_cut_short_says_so(client: AsyncOpenAI, use: Use) -> None:
    use(make_tools(ScriptedBackend(TextDelta("Once upon"), Finished("length"))))
    answer = await client.chat.completions.create(**asking())
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is None


async def test_a_model_that_says_nothing_has_said_nothing(client: AsyncOpenAI, use: Use) -> None:
    use(make_tools(ScriptedBackend(DONE)))
    answer = await client.chat.completions.create(**asking())
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("", "stop")


async def test_reasoning_is_apart_from_the_answer(
    client: AsyncOpenAI, http: httpx.AsyncClient, use: Use
) -> None:
    use(make_tools(thinking("Let me see.", "28 days.")))
    answer = await http.post("/chat/completions", json=asking())
    message = answer.json()["choices"][0]["message"]
    assert (message["reasoning_content"], message["content"]) == ("Let me see.", "28 days.")
    got = chunks(await http.post("/chat/completions", json=asking(stream=True)))
    assert (said(got, "reasoning_content"), said(got)) == ("Let me see.", "28 days.")


async def test_sources_are_annotations(
    client: AsyncOpenAI, http: httpx.AsyncClient, use: Use, collection: Collection
) -> None:
    found = passage("You have 28 days.", vector_id="d0c:4")
    search = ScriptedSearch([found, passage("Nobody cites this.", vector_id="d0c:5")])
    use(make_tools(saying("You have 28 days [1]", "."), search=search))
    body = asking(collections=[str(collection.pk)])
    answer = await client.chat.completions.create(**body_of(body))

    assert search.asked == [("How much leave?", (str(collection.pk),), 5)]
    message = answer.choices[0].message
    assert message.annotations is not None
    (mark,) = message.annotations
    cited = mark.url_citation
    assert message.content is not None
    assert message.content[cited.start_index : cited.end_index] == "[1]"
    assert cited.title == "Leave.pdf"
    assert cited.url == "http://testserver/v1/vector_stores/c/files/d0c/content"
    sources: Any = message.model_extra and message.model_extra["sources"]
    assert [each["number"] for each in sources] == [1, 2]
    assert (sources[0]["filename"], sources[0]["page"]) == ("Leave.pdf", 3)

    got = chunks(await http.post("/chat/completions", json={**body, "stream": True}))
    last = got[-1]["choices"][0]
    assert last["finish_reason"] == "stop"
    assert last["delta"]["annotations"] == [mark.model_dump()]
    assert last["delta"]["sources"] == sources


def body_of(body: dict[str, Any]) -> dict[str, Any]:
    """Fields that the client does not know go into its ``extra_body``."""
    known = {name: value for name, value in body.items() if name != "collections"}
    return {**known, "extra_body": {"collections": body["collections"]}}


@pytest.mark.parametrize("name", ["absent", "default", "", "nul\0"])
async def test_a_model_that_one_may_not_use_does_not_exist(client: AsyncOpenAI, name: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        await client.chat.completions.create(**{**asking(), "model": name})
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


async def test_the_model_that_is_named_answers_and_queues_for_the_person(
    client: AsyncOpenAI, employee: User, named_model: LanguageModel
) -> None:
    asked: list[tuple[UUID, int | None]] = []

    def tools(model: UUID, caller: Caller) -> Tools:
        asked.append((model, caller.person))
        return make_tools()

    with patch.object(wiring, "tools", tools):  # not monkeypatch, which would undo it too late
        await client.chat.completions.create(**asking())
    assert asked == [(named_model.pk, employee.pk)]


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (ContextExceeded("too long"), (400, "context_length_exceeded")),
        (Overloaded("busy"), (503, "unavailable")),
        (Unreachable("gone"), (503, "unavailable")),
    ],
)
async def test_a_failure_before_the_first_word_has_its_own_status(
    http: httpx.AsyncClient, use: Use, error: Exception, refused: tuple[int, str]
) -> None:
    for stream in (False, True):
        use(make_tools(ScriptedBackend(error)))
        answer = await http.post("/chat/completions", json=asking(stream=stream))
        assert (answer.status_code, answer.json()["error"]["code"]) == refused
        assert "is kept" not in answer.text


async def test_a_failure_after_it_ends_the_stream_with_an_error(
    client: AsyncOpenAI, use: Use
) -> None:
    use(make_tools(ScriptedBackend(TextDelta("You have. " * 20), Unreachable("gone"))))
    with pytest.raises(InternalServerError):
        await client.chat.completions.create(**asking())
    stream = await client.chat.completions.create(**asking(stream=True))
    assert (await anext(stream)).choices[0].delta.content == ""
    assert (await anext(stream)).choices[0].delta.content == "You have. " * 20
    with pytest.raises(APIError, match="cannot be reached"):
        await anext(stream)


async def test_what_nobody_foresaw_ends_the_stream_with_an_error_too(
    client: AsyncOpenAI, use: Use, caplog: pytest.LogCaptureFixture
) -> None:
    use(make_tools(ScriptedBackend(TextDelta("You have. " * 20), RuntimeError("secret detail"))))
    with pytest.raises(APIError, match="Something went wrong") as broken:
        await pieces(client)
    assert "secret" not in str(broken.value.body)
    assert "secret detail" in caplog.text


async def test_reasoning_that_the_client_sends_back_is_not_read(
    client: AsyncOpenAI, use: Use
) -> None:
    backend = saying("Fine.")
    use(make_tools(backend))
    thought = {**assistant("Yes."), "reasoning_content": "Secretly."}
    await client.chat.completions.create(**asking(user("Really?"), thought, user("So?")))
    assert "Secretly" not in str(backend.requests[0].messages)


async def test_what_makes_no_sense_is_refused_and_says_where(client: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError) as refused:
        await client.chat.completions.create(**asking(user("a"), {"role": "user"}))
    assert refused.value.param == "messages[1].content"
    assert refused.value.code == "missing_required_parameter"
