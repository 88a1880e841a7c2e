"""Composition root: the only file that names concrete engines.

Each is made once in a process, from the settings; the guard is put together for each turn, under
the policy that is active at that moment.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import close_old_connections

from chatapp.backends import guard_model
from chatapp.backends.base import Backend
from chatapp.backends.errors import BackendError
from chatapp.backends.inference import InferenceEmbedder, InferenceJudge
from chatapp.backends.ollama import OllamaBackend
from chatapp.backends.openai import OpenAIBackend
from chatapp.catalog.endpoints import Endpoint, ModelChoice, Wanted
from chatapp.conversations.turn import Tools
from chatapp.library.passages import load_passages
from chatapp.moderation.services import active_policy
from guardrails.guard import Guard
from guardrails.llama_guard import LlamaGuardJudge, family_of
from guardrails.rules.judge import RulesJudge
from guardrails.verdict import Judge
from rag.embed import Embedder
from rag.passage import Passage
from rag.retrieve import Retriever
from rag.store import VectorStore

PAGE_SECONDS = 1.0


def tools() -> Tools:
    """What one turn works with. One query; raises guardrails.policy.PolicyError."""
    return Tools(model=endpoint().current, backend=backend(), guard=guard(), search=retriever())


def model_for_page() -> ModelChoice | None:
    """The model that answers, to be named on a page; None where nobody knows just now. A page
    does not wait for it long."""

    async def ask() -> ModelChoice:
        async with asyncio.timeout(PAGE_SECONDS):
            return await endpoint().current()

    try:
        return async_to_sync(ask)()
    except (BackendError, TimeoutError):
        return None


@cache
def backend() -> Backend:
    """The server of the model that answers."""
    if settings.MODEL_KIND == "ollama":
        return OllamaBackend(settings.MODEL_URL, settings.MODEL_TIMEOUT_SECONDS)
    return OpenAIBackend(settings.MODEL_URL, settings.MODEL_API_KEY, settings.MODEL_TIMEOUT_SECONDS)


@cache
def endpoint() -> Endpoint:
    """Which model of that server answers, and its limits."""
    wanted = Wanted(
        name=settings.MODEL_NAME,
        demo=settings.MODEL_IS_DEMO,
        context_tokens=settings.MODEL_CONTEXT_TOKENS,
        answer_tokens=settings.MODEL_ANSWER_TOKENS,
    )
    return Endpoint(backend(), wanted)


def guard() -> Guard:
    """The guard under the policy that is active now. One query; raises PolicyError."""
    return Guard(judges(), active_policy(), settings.GUARD_TIMEOUT_SECONDS)


@cache
def judges() -> tuple[Judge, ...]:
    """The offline judge and the rules always; a Llama Guard where one is set."""
    own: tuple[Judge, ...] = (RulesJudge(), InferenceJudge(settings.INFERENCE_URL))
    return (*own, llama_guard()) if settings.GUARD_MODEL_URL else own


def llama_guard() -> LlamaGuardJudge:
    """Raises ValueError where GUARD_MODEL_NAME names no Llama Guard that we know."""
    name = settings.GUARD_MODEL_NAME
    complete = guard_model.complete(
        settings.GUARD_MODEL_KIND,
        settings.GUARD_MODEL_URL,
        name,
        settings.GUARD_MODEL_API_KEY,
        settings.GUARD_TIMEOUT_SECONDS,
    )
    family = family_of(name)
    return LlamaGuardJudge(name, family.name, complete, family)


@cache
def embedder() -> Embedder:
    """The process that embeds."""
    return InferenceEmbedder(settings.INFERENCE_URL)


@cache
def store() -> VectorStore:
    """The vectors of every collection."""
    return VectorStore(settings.CHROMA_URL)


@cache
def retriever() -> Retriever:
    """From a question to passages; called in threads."""
    return Retriever(embedder(), store(), _load)


def _load(vector_ids: Sequence[str]) -> Mapping[str, Passage]:
    """A thread of a turn keeps no connection to the database when it is done."""
    close_old_connections()
    try:
        return load_passages(vector_ids)
    finally:
        close_old_connections()
