"""OpenAI-compatible servers: vLLM, SGLang, llama.cpp's server and the like.

Source of the format: OpenAI's API reference, "Chat completions: streaming", and recordings of
vLLM and llama.cpp (tests/backends/wire).
"""

from base64 import b64encode
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from itertools import chain
from typing import Any

from chatapp.backends.base import (
    MOST_SEED,
    MOST_STOP_CHARS,
    MOST_STOPS,
    MOST_TOKENS,
    ChatRequest,
    Delta,
    Finished,
    Message,
    ReasoningDelta,
    Sampling,
    ServedModel,
    TextDelta,
)
from chatapp.backends.crowd import Crowd
from chatapp.backends.errors import BackendError, Malformed, Unreachable
from chatapp.backends.facts import (
    SWITCH,
    UNKNOWN,
    Effort,
    Facts,
    as_count,
    mapping,
    of_llamacpp,
    of_sglang,
)
from chatapp.backends.failures import failure_in_stream
from chatapp.backends.framing import ServerSentEvents
from chatapp.backends.server import Patience, Server, parsed, pieces, valid
from chatapp.backends.thinking import ThinkSplitter

MOST_LOGPROBS = 20
DONE = b"[DONE]"
LLAMACPP_FACTS = ("n_params", "size", "ftype")
MOST_REVISION_CHARS = 200
# What a server may call the end of an answer that it broke off itself.
BROKEN_OFF = {"abort", "error", "cancelled"}


class OpenAIBackend:
    """One server. ``timeout``, in seconds, bounds the wait for the first token and for each
    later one."""

    def __init__(self, url: str, api_key: str = "", timeout: float = 60.0) -> None:
        """``url`` with or without ``/v1``."""
        self._server = Server(url, timeout, api_key)
        self._crowd = Crowd()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """The answer's pieces. Closing the stream closes the connection, which frees the model.

        Raises BackendError.
        """
        answer, events = Answer(opened=request.opened), ServerSentEvents()
        patience = Patience(self._server.timeout)
        path = "/v1/chat/completions"
        async with (
            self._crowd.member(),
            self._server.request("POST", path, chat_body(request)) as response,
            aclosing(pieces(response, patience)) as read,
        ):
            async for piece in read:
                shown = False
                for delta in self._crowd.together(answer.read_all(events.feed(piece))):
                    yield delta
                    shown = True
                if answer.is_over:
                    break
                if shown:
                    patience.renew()
                    await self._crowd.pause()
            for delta in answer.read_all(events.finish()):
                yield delta
        for delta in answer.finish():
            yield delta

    async def served_models(self) -> tuple[ServedModel, ...]:
        """The models that the server lists. Raises BackendError."""
        listed = (await self._server.json("GET", "/v1/models")).get("data")
        if not isinstance(listed, list):
            raise Malformed("/v1/models: no list of models")
        models = [model for model in listed if isinstance(model, dict) and "id" in model]
        return tuple([await self._described(model) for model in models])

    async def is_cold(self, model: str) -> bool:  # noqa: ARG002  such servers hold one, or refuse
        """False: a server that still loads refuses with StillLoading instead."""
        return False

    async def _described(self, model: Mapping[str, Any]) -> ServedModel:
        context = context_of(model)
        if context is None and model.get("owned_by") == "llamacpp":
            context = await self._context_of_slot()
        facts = await self._facts(model)
        return ServedModel(
            str(model["id"]),
            context_tokens=context,
            revision=revision_of(model),
            facts=replace(facts, context_tokens=facts.context_tokens or context),
        )

    async def _facts(self, model: Mapping[str, Any]) -> Facts:
        """What else the server tells; no reason to fail where it does not."""
        if model.get("owned_by") == "llamacpp":
            return of_llamacpp(model)
        if model.get("owned_by") == "sglang":
            with suppress(BackendError):
                return of_sglang(await self._server.json("GET", "/get_model_info"))
        return UNKNOWN

    async def _context_of_slot(self) -> int | None:
        """Where old llama.cpp servers tell how much context each request has."""
        with suppress(BackendError):
            props = await self._server.json("GET", "/props")
            return as_count(mapping(props.get("default_generation_settings")).get("n_ctx"))
        return None


def chat_body(request: ChatRequest) -> dict[str, Any]:
    """The fields that we send, and no others: servers have fallen over fields that a client
    passed on, and over values without a bound."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": m.role, "content": content_of(m)} for m in request.messages],
        "max_tokens": max(1, min(request.max_tokens, MOST_TOKENS)),
        "stream": True,
        "stream_options": {"include_usage": True},
        **chosen_by(request.sampling),
        **reasoning_of(request.effort),
    }
    if request.top_logprobs:
        top = max(1, min(request.top_logprobs, MOST_LOGPROBS))
        body |= {"logprobs": True, "top_logprobs": top}
    return body


def reasoning_of(effort: Effort | None) -> dict[str, Any]:
    """The fields that say how much to reason. Templates read them by various names and ignore
    those that they do not know: Qwen's, GLM's and Gemma's ``enable_thinking``, DeepSeek's and
    Granite's ``thinking``, GPT-OSS's ``reasoning_effort``, which vLLM takes beside them."""
    if effort is None:
        return {}
    if effort in SWITCH:
        on = effort is Effort.ON
        return {"chat_template_kwargs": {"enable_thinking": on, "thinking": on}}
    kwargs = {"reasoning_effort": effort.value}
    return {**kwargs, "chat_template_kwargs": kwargs}


def content_of(message: Message) -> str | list[dict[str, Any]]:
    """Words alone as a string, which every server takes; with images, as parts of which the images
    come first, as the models were trained."""
    if not message.images:
        return valid(message.content)
    urls = [f"data:{i.media_type};base64,{b64encode(i.data).decode()}" for i in message.images]
    images: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": u}} for u in urls]
    return [*images, {"type": "text", "text": valid(message.content)}]


def chosen_by(sampling: Sampling) -> dict[str, Any]:
    """The fields that say how tokens are chosen, bounded; Ollama calls them the same."""
    fields: dict[str, Any] = {"temperature": max(0.0, min(sampling.temperature, 2.0))}
    if sampling.top_p is not None:
        fields["top_p"] = max(0.01, min(sampling.top_p, 1.0))
    if sampling.seed is not None:
        fields["seed"] = max(0, min(sampling.seed, MOST_SEED))
    if sampling.stop:
        fields["stop"] = [valid(text)[:MOST_STOP_CHARS] for text in sampling.stop[:MOST_STOPS]]
    return fields


class Answer:
    """Folds the stream's events into deltas."""

    def __init__(self, *, opened: bool = False) -> None:
        """``opened`` as in ChatRequest."""
        self.is_over = False
        self._splitter = ThinkSplitter(opened=opened)
        self._reason = ""
        self._usage: Mapping[str, Any] = {}

    def read_all(self, events: Iterable[bytes]) -> Iterator[Delta]:
        """The deltas in several events. Raises BackendError."""
        return chain.from_iterable(map(self.read, events))

    def read(self, event: bytes) -> Iterator[Delta]:
        """The deltas in one event. Raises BackendError."""
        if self.is_over:
            return
        if event.strip() == DONE:
            self.is_over = True
            return
        chunk = parsed(event)
        if chunk.get("error"):
            raise failure_in_stream(chunk["error"])
        self._usage = mapping(chunk.get("usage")) or self._usage
        choices = chunk.get("choices")
        if isinstance(choices, list) and choices:
            yield from self._choice(mapping(choices[0]))

    def finish(self) -> Iterator[Delta]:
        """What is left once the connection has ended. Raises Unreachable if it broke off."""
        if not (self._reason or self.is_over):
            raise Unreachable("The stream broke off.")
        if self._reason in BROKEN_OFF:
            raise Malformed(f"The server broke off: {self._reason}.")
        yield from self._splitter.finish()
        yield Finished(
            "length" if self._reason == "length" else "stop",
            as_count(self._usage.get("prompt_tokens")),
            as_count(self._usage.get("completion_tokens")),
        )

    def _choice(self, choice: Mapping[str, Any]) -> Iterator[Delta]:
        self._reason = choice.get("finish_reason") or self._reason
        delta = mapping(choice.get("delta"))
        reasoning = delta.get("reasoning") or delta.get("reasoning_content")
        if isinstance(reasoning, str) and reasoning:
            self._splitter.was_apart()
            yield ReasoningDelta(reasoning)
        text = delta.get("content")
        if isinstance(text, str) and text:
            logprobs = first_logprobs(choice)
            for found in self._splitter.feed(text):
                if isinstance(found, TextDelta) and logprobs:
                    found, logprobs = TextDelta(found.text, logprobs), None  # noqa: PLW2901  its first alone
                yield found


def first_logprobs(choice: Mapping[str, Any]) -> dict[str, float] | None:
    """The first token's candidates, itself among them, where the server gives them."""
    tokens = mapping(choice.get("logprobs")).get("content")
    if not isinstance(tokens, list) or not tokens:
        return None
    return candidates(mapping(tokens[0]))


def candidates(token: Mapping[str, Any]) -> dict[str, float]:
    """One entry of ``logprobs.content`` as token to natural-log probability."""
    top = token.get("top_logprobs")
    found: dict[str, float] = {}
    for entry in [token, *(top if isinstance(top, list) else [])]:
        text, logprob = mapping(entry).get("token"), mapping(entry).get("logprob")
        if isinstance(text, str) and isinstance(logprob, int | float):
            found.setdefault(text, logprob)
    return found


def context_of(model: Mapping[str, Any]) -> int | None:
    """The context in tokens that one request has: vLLM's and SGLang's name for it, llama.cpp's
    (its training context is no promise: the server may have divided less among its slots)."""
    return as_count(model.get("max_model_len")) or as_count(mapping(model.get("meta")).get("n_ctx"))


def revision_of(model: Mapping[str, Any]) -> str:
    """What the server tells of the weights. No server of this protocol tells a digest: vLLM and
    SGLang tell the path or repository that they loaded (``root``), llama.cpp counts and sizes."""
    meta = mapping(model.get("meta"))
    told = [("root", model.get("root")), *((name, meta.get(name)) for name in LLAMACPP_FACTS)]
    return " ".join(f"{name}={value}" for name, value in told if value)[:MOST_REVISION_CHARS]
