"""The built-in model server, the real one, through the same adapter as vLLM."""

import asyncio
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from chatapp.backends.base import ChatRequest, Finished, Message, Sampling, ServedModel, TextDelta
from chatapp.backends.errors import ContextExceeded
from chatapp.backends.guard_model import complete
from chatapp.backends.openai import OpenAIBackend
from chatapp.launch.health import http_answers
from chatapp.launch.ports import free_port
from chatapp.launch.servers import model_command
from guardrails.llama_guard import GuardPrompt
from tests.backends.asking import ask, text

NAME = "smollm2-135m-instruct"
LONG_STORY = ChatRequest(NAME, (Message("user", "Count from 1 to 500."),), max_tokens=2000)


def busy_slots(url: str) -> float:
    """How many requests the server says that it is answering."""
    with urllib.request.urlopen(f"{url}/metrics") as answer:  # noqa: S310  our own server
        lines = answer.read().decode().splitlines()
    return float(next(x for x in lines if x.startswith("llamacpp:requests_processing")).split()[1])


async def test_it_answers(model_url: str) -> None:
    request = ChatRequest(
        NAME, (Message("user", "Say hello."),), max_tokens=16, sampling=Sampling(0.0)
    )
    deltas = await ask(OpenAIBackend(model_url), request)
    assert text(deltas).strip()
    finished = deltas[-1]
    assert isinstance(finished, Finished)
    assert finished.prompt_tokens is not None
    assert 0 < (finished.answer_tokens or 0) <= 16


async def test_it_does_not_say_one_sentence_for_ever(model_url: str) -> None:
    asked = (Message("user", "Say: I know. I know. I know. And go on."),)
    request = ChatRequest(NAME, asked, max_tokens=160, sampling=Sampling(0.0))
    words = text(await ask(OpenAIBackend(model_url), request)).split()
    runs = Counter(zip(*(words[at:] for at in range(8)), strict=False))
    assert max(runs.values()) <= 3


async def test_it_tells_the_context_of_one_request_and_what_its_weights_are(
    model_url: str,
) -> None:
    revision = "n_params=134515008 size=96576768 ftype=Q4_1"
    served = ServedModel(NAME, context_tokens=4096, revision=revision)
    assert await OpenAIBackend(model_url).served_models() == (served,)


async def test_closing_the_stream_frees_the_model(model_url: str) -> None:
    stream = OpenAIBackend(model_url).stream(LONG_STORY)
    assert isinstance(await anext(stream), TextDelta)
    assert await asyncio.to_thread(busy_slots, model_url) == 1
    await stream.aclose()
    async with asyncio.timeout(5):
        while await asyncio.to_thread(busy_slots, model_url):
            pass


async def test_what_is_too_long_is_told_as_that(model_url: str) -> None:
    request = ChatRequest(NAME, (Message("user", "word " * 9000),))
    with pytest.raises(ContextExceeded):
        await ask(OpenAIBackend(model_url), request)


async def test_it_completes_raw_prompts_with_candidates(model_url: str) -> None:
    answer = await complete("openai", model_url, NAME, "", 60)(GuardPrompt("Once upon a", 2, 5))
    assert answer.text
    assert len(answer.logprobs) == 2
    assert all(len(candidates) >= 5 for candidates in answer.logprobs)


def test_no_page_of_another_site_may_talk_to_it(model_url: str) -> None:
    headers = {"Origin": "http://evil.example"}
    request = urllib.request.Request(f"{model_url}/v1/models", headers=headers)  # noqa: S310  ours
    with urllib.request.urlopen(request) as answer:  # noqa: S310  ours
        assert answer.headers["Access-Control-Allow-Origin"] != "http://evil.example"
        assert answer.headers["Access-Control-Allow-Origin"] != "*"


def test_a_taken_port_is_told_in_a_sentence(model_url: str) -> None:
    done = subprocess.run(model_command(model_url), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert (
        done.stderr == f"The model server cannot listen on {model_url}: Address already in use.\n"
    )


def test_weights_that_are_none_are_told_in_a_sentence(tmp_path: Path) -> None:
    weights = tmp_path / "none.gguf"
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "chatapp.launch.llama", url, str(weights)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"The model server cannot start with {weights}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_without_a_word(number: signal.Signals, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(model_command(url), stdout=log, stderr=log)
    try:
        while not http_answers(f"{url}/health"):
            assert process.poll() is None
        process.send_signal(number)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "log").read_bytes() == b""
