"""What the chat does not do is refused in words, and what asks for nothing is taken."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pytest_django import Settings

from tests.api.chatting import MODEL, asking, assistant, system, user
from tests.conversations.conftest import Use
from tests.conversations.scripted import ScriptedBackend, make_tools

pytestmark = pytest.mark.usefixtures("named_model")

TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def parts(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


async def refusal(http: httpx.AsyncClient, body: Any) -> dict[str, Any]:
    answer = await http.post("/chat/completions", json=body)
    assert answer.status_code == 400, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    return error


UNSUPPORTED: list[tuple[str, Any]] = [
    ("tools", [TOOL]),
    ("functions", [{"name": "f"}]),
    ("tool_choice", "required"),
    ("tool_choice", {"type": "function", "function": {"name": "f"}}),
    ("n", 2),
    ("n", 10**9),
    ("n", 0),
    ("logprobs", True),
    ("top_logprobs", 3),
    ("response_format", {"type": "json_object"}),
    ("modalities", ["text", "audio"]),
    ("audio", {"voice": "alloy", "format": "wav"}),
    ("frequency_penalty", 0.5),
    ("presence_penalty", -1),
    ("logit_bias", {"50256": -100}),
    ("store", True),
    ("reasoning_effort", "extreme"),
    ("prediction", {"type": "content", "content": "x"}),
    ("web_search_options", {}),
    ("service_tier", "flex"),
    ("user_id", 1),
    ("person", "ada"),
    ("stream", "yes please"),
    ("temperature", 2.1),
    ("temperature", "NaN"),
    ("top_p", 0),
    ("max_tokens", 0),
    ("max_tokens", 10**12),
    ("stop", ["a", "b", "c", "d", "e"]),
    ("stop", ""),
    ("stop", "x" * 201),
    ("seed", -1),
    ("collections", "all"),
    ("collections", ["no id"]),
    ("stream_options", {"unknown": True}),
]
NO_QUESTION: list[tuple[Any, str]] = [
    ([], "messages"),
    ([system("Be brief.")], "messages"),
    ([user("a"), assistant("b")], "messages"),
    ([assistant("b"), user("a")], "messages"),
    ([user("")], "messages[0].content"),
    ([user(" \n\t ")], "messages[0].content"),
    ([parts()], "messages[0].content"),
    ([parts({"type": "text", "text": " "})], "messages[0].content[0].text"),
    ([parts({"type": "text", "text": "What is it?"}, PICTURE)], "messages[0].content[1].type"),
    ([parts({"type": "input_audio", "input_audio": {}})], "messages[0].content[0].type"),
    ([{"role": "tool", "content": "42", "tool_call_id": "x"}, user("a")], "messages[0]"),
    ([{"role": "root", "content": "a"}], "messages[0]"),
    ([{"role": "user"}], "messages[0].content"),
    ([{"role": "user", "content": 7}], "messages[0].content"),
    ([{"content": "a"}], "messages[0]"),
    ([user("a"), {"role": "assistant", "tool_calls": [TOOL]}, user("b")], "messages[1]"),
    ([{**user("a"), "name": "emma"}], "messages[0].name"),
    (["a"], "messages[0]"),
    ("a", "messages"),
    (None, "messages"),
    ([user("x")] * 501, "messages"),
]


async def test_what_is_not_supported_is_refused_by_name(http: httpx.AsyncClient, use: Use) -> None:
    backend = ScriptedBackend()
    use(make_tools(backend))
    for field, value in UNSUPPORTED:
        error = await refusal(http, asking(**{field: value}))
        assert error["param"].startswith(field), value
        assert field in error["message"], value
    assert backend.requests == []


async def test_messages_that_are_no_question_are_refused(http: httpx.AsyncClient) -> None:
    for messages, param in NO_QUESTION:
        error = await refusal(http, {"model": MODEL, "messages": messages})
        assert error["param"].startswith(param), messages


async def test_a_question_has_a_longest_length(http: httpx.AsyncClient, settings: Settings) -> None:
    most = settings.QUESTION_MAX_CHARS
    asked = (user("x" * most),), (user("x" * (most + 1)),), (user("x" * most), user("y"))
    errors = [await refusal(http, asking(*messages)) for messages in asked]
    assert [(error["param"], error["code"]) for error in errors] == [
        ("messages", "context_length_exceeded"),
        ("messages[0].content", "string_above_max_length"),
        ("messages", "string_above_max_length"),
    ]


async def test_a_body_that_is_no_request_is_refused(http: httpx.AsyncClient) -> None:
    deep, half = b"[" * 100_000, b'{"model": "\\ud800"}'
    for body in (b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", deep, half):
        headers = {"Content-Type": "application/json"}
        answer = await http.post("/chat/completions", content=body, headers=headers)
        assert answer.status_code == 400, body
        assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_halves_of_characters_do_no_harm(http: httpx.AsyncClient) -> None:
    for text in ("\ud800", "a\udfff b", "x\ud83d"):
        messages = [system(text), user(f"a{text}"), assistant(text), user(f"b{text}")]
        answer = await http.post(
            "/chat/completions",
            content=json.dumps(asking(*messages)),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code in (200, 400), answer.text


async def test_what_asks_for_nothing_is_taken(http: httpx.AsyncClient) -> None:
    nothing = {
        "n": 1,
        "tools": [],
        "functions": None,
        "tool_choice": "none",
        "parallel_tool_calls": True,
        "logprobs": False,
        "frequency_penalty": 0,
        "presence_penalty": 0.0,
        "logit_bias": {},
        "response_format": {"type": "text"},
        "modalities": ["text"],
        "store": False,
        "user": "emma",
        "metadata": {"a": "b"},
        "service_tier": "auto",
        "stream_options": None,
        "collections": [],
        "stop": None,
    }
    answer = await http.post("/chat/completions", json=asking(**nothing))
    assert answer.status_code == 200, answer.text


async def test_a_collection_that_is_not_there_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.post("/chat/completions", json=asking(collections=[str(uuid4())]))
    assert answer.status_code == 404
    assert answer.json()["error"]["param"] == "collections"
