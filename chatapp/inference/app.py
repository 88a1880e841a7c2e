"""The inference process: ``uvicorn chatapp.inference.app:app``.

It embeds texts and runs the embedded judge, so that no other process loads a model. It listens
on loopback or a private network only: it asks nobody who they are.

========================  ========================================================================
``GET /live``             200 as soon as the process listens
``GET /ready``            200 once the models are loaded, 503 before
``GET /v1/models``        their names, as OpenAI lists them
``POST /v1/embeddings``   OpenAI's shape; unit-length vectors
``POST /v1/moderations``  ``{"input": [{"stage", "text"}]}`` to findings with scores
========================  ========================================================================
"""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatapp.settings")

import signal

import anyio.to_thread
import orjson
from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatapp.inference import requests
from chatapp.inference.models import Loader, Models, is_short, load
from chatapp.inference.requests import BadRequest
from guardrails.classifier import Classifier
from guardrails.verdict import Stage

# Threads that wait for the turnstile; long requests may not take those of short ones.
SHORT_AT_ONCE = 64
LONG_AT_ONCE = 8
Result = TypeVar("Result")


def reply(value: object, status: int = 200) -> Response:
    content = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(content, status, media_type="application/json")


def refusal(message: str, status: int) -> Response:
    """An error as OpenAI's interface spells it."""
    return reply({"error": {"message": message, "type": "invalid_request", "code": status}}, status)


async def refused(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, BadRequest) else 500
    return refusal(str(error), status)


async def live(_: Request) -> Response:
    return reply({"live": True})


async def ready(request: Request) -> Response:
    models(request)
    return reply({"ready": True})


async def served(request: Request) -> Response:
    loaded = models(request)
    encoder = {
        "id": loaded.encoder.name,
        "object": "model",
        "kind": "embedding",
        "dimensions": loaded.encoder.dimensions,
        "max_tokens": loaded.encoder.max_tokens,
    }
    judge = {"id": loaded.judge.version, "object": "model", "kind": "moderation"}
    return reply({"object": "list", "data": [encoder, judge]})


async def embeddings(request: Request) -> Response:
    loaded = models(request)
    body = await requests.body(request)
    if body.get("model") not in (None, loaded.encoder.name):
        raise BadRequest(f"This process serves {loaded.encoder.name}, not that model.", 404)
    texts = requests.texts(body.get("input"))
    short = is_short(len(texts))
    vectors = await in_thread(request, lambda: loaded.embed(texts), short=short)
    data = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    return reply({"object": "list", "model": loaded.encoder.name, "data": data})


async def moderations(request: Request) -> Response:
    judge = models(request).judge
    items = requests.staged((await requests.body(request)).get("input"))
    results = await in_thread(request, lambda: verdicts(judge, items), short=True)
    return reply({"model": judge.version, "results": results})


def verdicts(judge: Classifier, items: Sequence[tuple[Stage, str]]) -> list[dict[str, object]]:
    """For each item its categories with their scores."""
    found = [judge.findings(stage, [text])[0] for stage, text in items]
    return [
        {"findings": [{"category": each.category, "score": each.score} for each in findings]}
        for findings in found
    ]


def models(request: Request) -> Models:
    """The loaded models. Raises BadRequest (503) while they are loading."""
    loaded: Models | None = request.app.state.loader.models
    if loaded is None:
        raise BadRequest("The models are being loaded.", 503)
    return loaded


async def in_thread(request: Request, work: Callable[[], Result], *, short: bool) -> Result:
    limiter = request.app.state.short if short else request.app.state.long
    return await anyio.to_thread.run_sync(work, limiter=limiter)


def stop() -> None:
    """End the process, so that whoever started it sees that it does not work."""
    signal.raise_signal(signal.SIGTERM)


def make_app(loader: Loader) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.short = CapacityLimiter(SHORT_AT_ONCE)
        app.state.long = CapacityLimiter(LONG_AT_ONCE)
        app.state.loader = loader
        loader.start()
        yield

    routes = [
        Route("/live", live),
        Route("/ready", ready),
        Route("/v1/models", served),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        Route("/v1/moderations", moderations, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={BadRequest: refused})


app = make_app(Loader(load, failed=stop))
