"""Composition root: the only file that names concrete engines.

Each is made once in a process, from the settings; the guard is put together for each turn, under
the policy that is active at that moment.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import close_old_connections

from chatapp.backends import guard_model
from chatapp.backends.base import Backend, Puller
from chatapp.backends.errors import BackendError
from chatapp.backends.inference import InferenceEmbedder, InferenceJudge
from chatapp.backends.ollama import OllamaBackend
from chatapp.backends.openai import OpenAIBackend
from chatapp.catalog.dispatch import NOBODY, Caller, Dispatcher
from chatapp.catalog.lane import Lane, Network
from chatapp.catalog.offer import Address
from chatapp.catalog.rows import offer_of
from chatapp.catalog.station import Station
from chatapp.catalog.watch import ModelChoice
from chatapp.conversations.turn import Tools
from chatapp.library.passages import load_passages
from chatapp.moderation.services import active_policy
from guardrails.guard import Guard
from guardrails.line import Line
from guardrails.llama_guard import LlamaGuardJudge, family_of
from guardrails.rules.judge import RulesJudge
from guardrails.verdict import Judge
from rag.embed import Embedder
from rag.passage import Passage
from rag.retrieve import Retriever
from rag.store import VectorStore

PAGE_SECONDS = 1.0


def tools(model: UUID | None = None, caller: Caller = NOBODY) -> Tools:
    """What one turn works with: the enabled model of that id, or the first of all. Two queries;
    raises guardrails.policy.PolicyError."""
    lane = Lane(offer_of(model), caller, network())
    return Tools(
        model=lane.model,
        backend=lane,
        guard=guard(),
        search=retriever(),
        may_retry=lane.may_retry,
    )


def model_for_page(model: UUID | None = None) -> ModelChoice | None:
    """That model, or the first of all, to be named on a page; None where nobody knows just now.
    A page does not wait for it long."""
    lane = Lane(offer_of(model), NOBODY, network())

    async def ask() -> ModelChoice:
        async with asyncio.timeout(PAGE_SECONDS):
            return await lane.model()

    try:
        return async_to_sync(ask)()
    except (BackendError, TimeoutError):
        return None


@cache
def network() -> Network:
    """The servers of models, and who is whose turn at them, in this process."""
    return Network(station_at, Dispatcher())


@lru_cache(maxsize=256)
def station_at(address: Address) -> Station:
    """The server there, with what this process has learnt of it."""
    return Station(backend_at(address), share(address.parallel))


def share(parallel: int | None) -> int | None:
    """This process's part of what a server makes at once, which web processes do not count
    together: rounded up, so that each can ask."""
    return None if parallel is None else -(-parallel // settings.WEB_PROCESSES)


def backend_at(address: Address) -> Backend:
    """The server there, in the protocol that it speaks."""
    timeout = settings.MODEL_TIMEOUT_SECONDS
    if address.kind == "ollama":
        return OllamaBackend(address.url, address.api_key, timeout)
    return OpenAIBackend(address.url, address.api_key, timeout)


def puller_at(address: Address) -> Puller | None:
    """The server there, where it fetches models by itself."""
    backend = backend_at(address)
    return backend if isinstance(backend, OllamaBackend) else None


def guard() -> Guard:
    """The guard under the policy that is active now. One query; raises PolicyError."""
    return Guard(judges(), active_policy(), settings.GUARD_TIMEOUT_SECONDS, line())


@cache
def line() -> Line:
    """The queue before the judges, one for all turns of this process."""
    return Line()


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
