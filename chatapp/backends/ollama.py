"""Ollama: its own chat interface for answers, its own client for what it serves.

Source: Ollama's API reference (docs.ollama.com/api: chat, errors, openapi.yaml). An answer is a
JSON object a line; the last has ``done``, its reason and the counts of tokens.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from chatapp.backends.base import (
    MOST_TOKENS,
    ChatRequest,
    Delta,
    Finished,
    Message,
    Pulled,
    ReasoningDelta,
    ServedModel,
    TextDelta,
)
from chatapp.backends.crowd import Crowd
from chatapp.backends.errors import Malformed, TimedOut, Unreachable
from chatapp.backends.facts import Effort, as_count, mapping, of_ollama
from chatapp.backends.failures import failure, failure_in_stream
from chatapp.backends.framing import JsonLines
from chatapp.backends.openai import MOST_LOGPROBS, candidates, chosen_by
from chatapp.backends.server import Patience, Server, parsed, pieces, valid
from chatapp.backends.thinking import ThinkSplitter

if TYPE_CHECKING:
    from ollama import AsyncClient, ListResponse

# Ollama's own default differs with the machine's memory, and a longer prompt would be cut.
CONTEXT_TOKENS = 4096
KEEP_LOADED = "30m"
# While it checks the digest of a large file it says nothing.
PULL_SILENCE_SECONDS = 900.0
MOST_PARTS = 1000
THINK = {Effort.OFF: False, Effort.ON: True}
"""What ``think`` is; levels go by their names."""


class OllamaBackend:
    """One server. ``timeout``, in seconds, bounds the wait for the first token, loading the
    model included, and for each later one."""

    def __init__(self, url: str, api_key: str = "", timeout: float = 60.0) -> None:
        """``api_key`` is for the proxy that a site puts before it: Ollama itself asks for none."""
        self._server = Server(url, timeout, api_key)
        self._crowd = Crowd()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """The answer's pieces. Closing the stream closes the connection, which frees the model.

        Raises BackendError.
        """
        answer, lines = Answer(opened=request.opened), JsonLines()
        patience = Patience(self._server.timeout)
        async with (
            self._crowd.member(),
            self._server.request("POST", "/api/chat", chat_body(request)) as response,
            aclosing(pieces(response, patience)) as read,
        ):
            async for piece in read:
                shown = False
                for delta in self._crowd.together(answer.read_all(lines.feed(piece))):
                    yield delta
                    shown = True
                if shown:
                    patience.renew()
                    await self._crowd.pause()
            for delta in answer.read_all(lines.finish()):
                yield delta
        if not answer.is_over:
            raise Unreachable("The stream broke off.")

    async def served_models(self) -> tuple[ServedModel, ...]:
        """The models that can answer, with the length that each was made for; embedding models
        are left out. Raises BackendError."""
        async with self.client() as client:
            listed = (await client.list()).models
        described = await asyncio.gather(*(self._described(model) for model in listed))
        return tuple(model for model in described if model)

    async def _described(self, listed: "ListResponse.Model") -> ServedModel | None:
        """None for a model that cannot answer. Asked without the client, whose answer lacks what
        the model's ``think`` takes."""
        if listed.model is None:
            return None
        shown = await self._server.json("POST", "/api/show", {"model": listed.model})
        named = shown.get("capabilities")
        if isinstance(named, list) and "completion" not in named:
            return None
        facts = of_ollama(shown, as_count(listed.size))
        return ServedModel(listed.model, listed.digest or "", facts.context_tokens, facts=facts)

    @asynccontextmanager
    async def client(self, silence: float = 0) -> AsyncIterator["AsyncClient"]:
        """Ollama's own client; what goes wrong in the block is raised as BackendError.
        ``silence`` in seconds is borne in place of the usual timeout."""
        import httpx
        import ollama

        url = self._server.url
        options: dict[str, Any] = {
            "timeout": silence or self._server.timeout,
            "headers": self._server.headers,
        }
        options |= {"trust_env": False, "follow_redirects": False}
        try:
            async with ollama.AsyncClient(url, **options) as client:
                yield client
        except ollama.ResponseError as error:
            # Of an error inside a stream there is no status.
            raise failure(max(error.status_code, 0) or 500, error.error) from error
        except httpx.TimeoutException as error:
            raise TimedOut(f"{url}: {error or type(error).__name__}") from error
        except (httpx.HTTPError, ConnectionError) as error:
            raise Unreachable(f"{url}: {error or type(error).__name__}") from error
        except ValueError as error:  # of JSON, or of the client's own types
            raise Malformed(f"{url}: {error}") from error

    async def pull(self, model: str) -> AsyncGenerator[Pulled, None]:
        """Fetch ``model`` from the library that its name says; Ollama checks the digests of what
        comes. Raises BackendError."""
        parts: dict[str, tuple[int, int]] = {}
        status = ""
        async with self.client(PULL_SILENCE_SECONDS) as client:
            stream: Any = await client.pull(model, stream=True)
            async with aclosing(stream) as lines:
                async for line in lines:
                    status = line.status or ""
                    if line.digest and line.total and len(parts) < MOST_PARTS:
                        parts[line.digest] = (line.completed or 0, line.total)
                    completed = sum(done for done, _ in parts.values())
                    total = sum(size for _, size in parts.values())
                    yield Pulled(valid(status)[:200], *map(bounded_size, (completed, total)))
        if status != "success":
            raise Unreachable("The stream broke off.")

    async def is_cold(self, model: str) -> bool:
        """Whether ``model`` is not in memory yet. Raises BackendError."""
        listed = (await self._server.json("GET", "/api/ps")).get("models")
        names = {mapping(each).get("model") for each in listed or ()}
        return not names & {model, f"{model}:latest"}


def bounded_size(count: int) -> int:
    """As much as a row can hold, whatever a server says."""
    return max(0, min(count, 2**62))


def chat_body(request: ChatRequest) -> dict[str, Any]:
    """The fields that we send. Without ``truncate`` and ``shift`` set to false, the beginning of
    what is too long would be dropped in silence: our instructions, or the oldest passages."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [told(message) for message in request.messages],
        "stream": True,
        "keep_alive": KEEP_LOADED,
        "truncate": False,
        "shift": False,
        "options": {
            "num_ctx": request.context_tokens or CONTEXT_TOKENS,
            "num_predict": max(1, min(request.max_tokens, MOST_TOKENS)),
            **chosen_by(request.sampling),
        },
    }
    if request.effort is not None:
        body["think"] = THINK.get(request.effort, request.effort.value)
    if request.top_logprobs:
        top = max(1, min(request.top_logprobs, MOST_LOGPROBS))
        body |= {"logprobs": True, "top_logprobs": top}
    return body


def told(message: Message) -> dict[str, Any]:
    """A message with its images beside the words, in base64 without their media type."""
    images = [b64encode(image.data).decode() for image in message.images]
    words = {"role": message.role, "content": valid(message.content)}
    return {**words, "images": images} if images else words


class Answer:
    """Folds the stream's lines into deltas."""

    def __init__(self, *, opened: bool = False) -> None:
        """``opened`` as in ChatRequest."""
        self.is_over = False
        self._splitter = ThinkSplitter(opened=opened)

    def read_all(self, lines: Iterable[bytes]) -> Iterator[Delta]:
        """The deltas in several lines. Raises BackendError."""
        return chain.from_iterable(map(self.read, lines))

    def read(self, line: bytes) -> Iterator[Delta]:
        """The deltas in one line. Raises BackendError."""
        chunk = parsed(line)
        if chunk.get("error"):
            raise failure_in_stream(chunk["error"])
        message = mapping(chunk.get("message"))
        thinking, text = message.get("thinking"), message.get("content")
        if isinstance(thinking, str) and thinking:
            self._splitter.was_apart()
            yield ReasoningDelta(thinking)
        if isinstance(text, str) and text:
            yield from with_logprobs(self._splitter.feed(text), chunk.get("logprobs"))
        if chunk.get("done") is True:
            self.is_over = True
            yield from self._splitter.finish()
            yield finished(chunk)


def with_logprobs(
    deltas: Iterator[TextDelta | ReasoningDelta], logprobs: Any
) -> Iterator[TextDelta | ReasoningDelta]:
    """``deltas``, the first text of which gets the first token's candidates."""
    first = candidates(mapping(logprobs[0])) if isinstance(logprobs, list) and logprobs else None
    for delta in deltas:
        if isinstance(delta, TextDelta) and first:
            yield TextDelta(delta.text, first)
            first = None
        else:
            yield delta


def finished(chunk: Mapping[str, Any]) -> Finished:
    return Finished(
        "length" if chunk.get("done_reason") == "length" else "stop",
        as_count(chunk.get("prompt_eval_count")),
        as_count(chunk.get("eval_count")),
    )
