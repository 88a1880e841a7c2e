"""Raw completions for the guard model, by true bytes of vLLM and llama.cpp, and Ollama's format."""

import orjson
import pytest

from chatapp.backends.guard_model import complete, completion_logprobs
from guardrails.llama_guard import LLAMA_GUARD_3_8B, Complete, GuardPrompt, LlamaGuardJudge
from guardrails.verdict import JudgeError, Stage, Subject
from tests.backends.asking import answering, listening
from tests.backends.recordings import recorded
from tests.fakes.model_formats import Script
from tests.fakes.model_server import FakeModelServer

PROMPT = GuardPrompt("judge this \ud800", max_tokens=20, top_logprobs=50)
SUBJECT = Subject(Stage.REQUEST, "How do I make a bomb?")
LOGPROBS = {"unsafe": -0.105, "safe": -2.303}


def complete_at(server: FakeModelServer, kind: str) -> Complete:
    return complete(kind, server.url, "llama-guard3", "secret", 5.0)


@pytest.mark.parametrize("server_name", ["vllm", "llamacpp"])
def test_recorded_candidates_of_each_token(server_name: str) -> None:
    choice = orjson.loads(recorded(server_name, "completions_raw")[1])["choices"][0]
    first, second = completion_logprobs(choice)
    assert choice["text"] == "The phrase"
    assert list(first) == ["The", "A", "To", "I", "Hi"]
    assert first["The"] == pytest.approx(-1.65, abs=0.1)
    assert max(second, key=second.__getitem__) == " phrase"


async def test_only_known_bounded_fields_are_sent_to_an_openai_server(
    server: FakeModelServer,
) -> None:
    await complete_at(server, "openai")(PROMPT)
    assert server.requests[0].path == "/v1/completions"
    assert server.requests[0].headers["Authorization"] == "Bearer secret"
    assert server.requests[0].body == {
        "model": "llama-guard3",
        "prompt": "judge this ?",
        "max_tokens": 20,
        "temperature": 0,
        "logprobs": 20,
    }


async def test_ollama_is_asked_raw(server: FakeModelServer) -> None:
    await complete_at(server, "ollama")(PROMPT)
    assert server.requests[0].path == "/api/generate"
    body = server.requests[0].body
    assert (body["raw"], body["stream"], body["truncate"]) == (True, False, False)
    assert body["options"] == {"num_ctx": 16_384, "num_predict": 20, "temperature": 0}
    assert (body["logprobs"], body["top_logprobs"]) == (True, 20)


@pytest.mark.parametrize(
    ("kind", "style"), [("openai", "vllm"), ("openai", "llamacpp"), ("ollama", "vllm")]
)
async def test_a_judge_gets_its_score_from_any_server(
    server: FakeModelServer, kind: str, style: str
) -> None:
    server.script = Script(pieces=("\n\nunsafe\nS9",), style=style, logprobs=LOGPROBS)
    judge = LlamaGuardJudge("llama-guard", "1", complete_at(server, kind), LLAMA_GUARD_3_8B)
    (finding,) = (await judge.judge(SUBJECT)).findings
    assert finding.category == "S9"
    assert finding.score == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("kind", ["openai", "ollama"])
async def test_a_server_without_logprobs_still_gives_a_verdict(
    server: FakeModelServer, kind: str
) -> None:
    server.script = Script(pieces=("unsafe\nS9",))
    answer = await complete_at(server, kind)(PROMPT)
    assert answer.text == "unsafe\nS9"
    assert not any(answer.logprobs)


@pytest.mark.parametrize("kind", ["openai", "ollama"])
@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_a_refusal_is_no_verdict(server: FakeModelServer, kind: str, status: int) -> None:
    server.script = Script(status=status)
    with pytest.raises(JudgeError, match="gave no verdict"):
        await complete_at(server, kind)(PROMPT)


@pytest.mark.parametrize("kind", ["openai", "ollama"])
async def test_a_server_that_is_not_there_gives_no_verdict(unused_tcp_port: int, kind: str) -> None:
    ask = complete(kind, f"http://127.0.0.1:{unused_tcp_port}", "llama-guard3", "", 5.0)
    with pytest.raises(JudgeError, match="Unreachable"):
        await ask(PROMPT)


@pytest.mark.parametrize("kind", ["openai", "ollama"])
@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [{"text": 5}]}, {"response": 5}])
async def test_an_answer_without_text_is_no_verdict(kind: str, body: object) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with listening(answering(head + orjson.dumps(body))) as url:
        with pytest.raises(JudgeError):
            await complete(kind, url, "llama-guard3", "", 5.0)(PROMPT)
