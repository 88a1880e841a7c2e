"""Embedder and judge against the real inference process, and against servers that fail."""

import asyncio
import subprocess
import sys

import numpy as np
import orjson
import pytest

from chatapp.backends.inference import TEXTS_A_REQUEST, InferenceEmbedder, InferenceJudge
from guardrails.verdict import JudgeError, Stage, Subject
from rag.embed import EmbeddingError
from tests.backends.asking import Handler, answering, listening

SUBJECT = Subject(Stage.REQUEST, "How many days of leave do I have?")
MODELS = {"data": [{"id": "m", "kind": "embedding", "dimensions": 2}]}


def test_it_embeds(inference_url: str) -> None:
    embedder = InferenceEmbedder(inference_url)
    texts = ["annual leave", "days off work", "router reset", "\ud800"]
    leave, days_off, router, _ = np.array(embedder.embed(texts))
    assert embedder.name.startswith("all-minilm-l6-v2-int8-")
    assert embedder.dimensions == len(leave) == 384
    assert leave @ days_off > leave @ router + 0.2
    assert np.linalg.norm(leave) == pytest.approx(1)


def test_more_texts_than_one_request_holds_come_in_order(inference_url: str) -> None:
    embedder = InferenceEmbedder(inference_url)
    texts = [f"text {number}" for number in range(TEXTS_A_REQUEST + 3)]
    vectors = embedder.embed(texts)
    assert len(vectors) == len(texts)
    assert vectors[-1] == embedder.embed([texts[-1]])[0]
    assert embedder.embed([]) == []


def test_importing_the_adapter_imports_no_model_library() -> None:
    heavy = "{'torch', 'onnxruntime', 'transformers', 'chromadb', 'tokenizers', 'numpy', 'ollama'}"
    adapters = "chatapp.backends.inference, chatapp.backends.openai, chatapp.backends.ollama"
    program = f"import sys, {adapters}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_a_process_that_is_not_there_is_told_in_a_sentence(unused_tcp_port: int) -> None:
    with pytest.raises(EmbeddingError, match=r"cannot be reached. Try again in a minute\."):
        InferenceEmbedder(f"http://127.0.0.1:{unused_tcp_port}").embed(["text"])


def response(status: int, value: object) -> bytes:
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    head = f"HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def serving(answer: bytes) -> Handler:
    """Names its model properly and then answers each request with ``answer``."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(response(200, MODELS) if head.startswith(b"GET") else answer)

    return handle


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (response(200, {"data": [{"embedding": [1.0, 0.0]}]}), None),
        (response(200, {"data": []}), "makes no sense"),
        (response(200, {"data": [{"embedding": [1.0]}]}), "makes no sense"),
        (response(200, {"data": [{"embedding": None}]}), "makes no sense"),
        (response(200, {"data": 5}), "makes no sense"),
        (response(200, {}), "makes no sense"),
        (response(200, b"<html>"), "answered 200"),
        (response(500, b"oops"), "answered 500"),
        (response(400, {"error": {"message": "Too long."}}), r"refused: Too long\."),
        (response(404, {"detail": "?"}), "refused: it does not say why"),
    ],
)
async def test_nonsense_is_never_taken_for_vectors(answer: bytes, sentence: str | None) -> None:
    async with listening(serving(answer)) as url:
        embedder = InferenceEmbedder(url)
        if sentence is None:
            assert await asyncio.to_thread(embedder.embed, ["text"]) == [[1.0, 0.0]]
        else:
            with pytest.raises(EmbeddingError, match=sentence):
                await asyncio.to_thread(embedder.embed, ["text"])
        embedder.close()


async def test_a_process_that_starts_is_waited_for() -> None:
    answers = [response(503, {"error": {"message": "loading"}}), response(200, MODELS)]

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))

    async with listening(handle) as url:
        embedder = InferenceEmbedder(url)
        assert await asyncio.to_thread(lambda: embedder.name) == "m"
        embedder.close()


async def test_a_process_with_another_model_is_asked_again() -> None:
    named = ["old", "new"]

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        model = {"id": named[0], "kind": "embedding", "dimensions": 2}
        if head.startswith(b"GET"):
            writer.write(response(200, {"data": [model]}))
        else:
            named.pop(0)
            writer.write(response(404, {"error": {"message": "not that model"}}))

    async with listening(handle) as url:
        embedder = InferenceEmbedder(url)
        with pytest.raises(EmbeddingError, match="not that model"):
            await asyncio.to_thread(embedder.embed, ["text"])
        assert await asyncio.to_thread(lambda: embedder.name) == "new"
        embedder.close()


async def test_a_process_without_an_embedding_model_is_told() -> None:
    async with listening(answering(response(200, {"data": []}))) as url:
        embedder = InferenceEmbedder(url)
        with pytest.raises(EmbeddingError, match="serves no model"):
            await asyncio.to_thread(lambda: embedder.dimensions)
        embedder.close()


@pytest.mark.parametrize(
    "answer",
    [
        response(503, {"error": {"message": "loading"}}),
        response(200, b"<html>"),
        response(200, {}),
        response(200, {"results": []}),
        response(200, {"results": [{"findings": []}, {"findings": []}]}),
        response(200, {"results": [{}]}),
        response(200, {"results": [{"findings": [{"category": "S1"}]}]}),
        response(200, {"results": [{"findings": [{"category": "S1", "score": 7}]}]}),
        response(200, {"results": [{"findings": [{"category": "S1", "score": "high"}]}]}),
        response(200, {"results": [{"findings": [{"category": "S1", "score": None}]}]}),
    ],
)
async def test_an_answer_without_sense_is_no_verdict(answer: bytes) -> None:
    async with listening(answering(answer)) as url:
        with pytest.raises(JudgeError, match="gave no verdict"):
            await InferenceJudge(url).judge(SUBJECT)


async def test_a_process_that_is_not_there_gives_no_verdict(unused_tcp_port: int) -> None:
    with pytest.raises(JudgeError, match="Cannot connect"):
        await InferenceJudge(f"http://127.0.0.1:{unused_tcp_port}").judge(SUBJECT)


async def test_a_process_that_is_silent_gives_no_verdict() -> None:
    async with listening(answering(b"", close=False)) as url:
        with pytest.raises(JudgeError, match="silent"):
            await InferenceJudge(url, timeout=0.05).judge(SUBJECT)
