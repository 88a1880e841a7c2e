"""The ways by which a client reaches the model: directly, and through the product.

Each way is a client of its own, as lean as it can be, so that what is measured is not the meter.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

import aiohttp
import orjson

from bench.answer import MODEL


class Broken(Exception):
    """The stream did not come to its proper end; ``str(error)`` says how it ended."""


class Ask(Protocol):
    """One connection that is ready."""

    def __call__(self, question: str) -> AsyncGenerator[str, None]:
        """The answer's text, in pieces as they arrive. Raises Broken."""
        ...


class Way(Protocol):
    @property
    def name(self) -> str: ...

    def ready(self, number: int) -> AbstractAsyncContextManager[Ask]:
        """A connection for stream ``number``, made before the clock runs: people who ask have
        the page open."""
        ...


@dataclass(frozen=True, slots=True)
class Direct:
    """Straight to the model server, in the protocol that the product would speak to it."""

    http: aiohttp.ClientSession
    url: str
    kind: str
    name: str = "direct"

    @asynccontextmanager
    async def ready(self, number: int) -> AsyncIterator[Ask]:  # noqa: ARG002  all streams are alike
        if self.kind == "ollama":
            yield lambda question: self._ask("/api/chat", ollama_body(question), ollama_text)
        else:
            yield lambda question: self._ask(
                "/v1/chat/completions", openai_body(question), openai_text
            )

    async def _ask(
        self, path: str, body: dict[str, Any], read: Callable[[bytes], str | None]
    ) -> AsyncGenerator[str, None]:
        async with self.http.post(self.url + path, json=body) as response:
            async for text in lines(response, read):
                yield text


@dataclass(frozen=True, slots=True)
class Socket:
    """The chat page's way (docs/protocol.md); ``cookies`` are of people who are signed in."""

    http: aiohttp.ClientSession
    url: str
    cookies: tuple[str, ...]
    name: str = "socket"

    @asynccontextmanager
    async def ready(self, number: int) -> AsyncIterator[Ask]:
        cookie = {"Cookie": f"sessionid={self.cookies[number % len(self.cookies)]}"}
        async with self.http.ws_connect(
            f"{self.url}/ws/chat/", headers=cookie, origin=self.url, compress=0
        ) as socket:
            yield lambda question: self._ask(socket, question)

    @staticmethod
    async def _ask(
        socket: aiohttp.ClientWebSocketResponse, question: str
    ) -> AsyncGenerator[str, None]:
        send: dict[str, Any] = {"type": "send", "client_id": str(uuid4()), "text": question}
        send |= {"conversation": None, "collections": []}
        await socket.send_str(orjson.dumps(send).decode())
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            frame = orjson.loads(message.data)
            if frame["type"] == "error":
                raise Broken(frame["message"])
            event = frame.get("event", {"type": frame["type"]})
            if event["type"] == "text":
                yield event["text"]
            elif event["type"] == "ended":
                if event["status"] != "done":
                    raise Broken(f"{event['status']}: {event['reason']}")
                return
        raise Broken(f"the socket closed with {socket.close_code}")


@dataclass(frozen=True, slots=True)
class Api:
    """The way of OpenAI's clients (docs/api.md); ``keys`` are of people who may use ``model``."""

    http: aiohttp.ClientSession
    url: str
    keys: tuple[str, ...]
    model: str
    name: str = "api"

    @asynccontextmanager
    async def ready(self, number: int) -> AsyncIterator[Ask]:
        key = {"Authorization": f"Bearer {self.keys[number % len(self.keys)]}"}
        yield lambda question: self._ask(key, question)

    async def _ask(self, key: dict[str, str], question: str) -> AsyncGenerator[str, None]:
        body, url = openai_body(question, self.model), f"{self.url}/v1/chat/completions"
        async with self.http.post(url, json=body, headers=key) as response:
            async for text in lines(response, openai_text):
                yield text


async def lines(
    response: aiohttp.ClientResponse, read: Callable[[bytes], str | None]
) -> AsyncIterator[str]:
    """The text of each line that has some, until ``read`` gives None for the end."""
    if response.status != 200:
        raise Broken(f"status {response.status}: {(await response.text())[:200]}")
    rest = b""
    async for piece in response.content.iter_any():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            text = read(line)
            if text is None:
                return
            if text:
                yield text
    raise Broken("the stream broke off")


def openai_text(line: bytes) -> str | None:
    if not line.startswith(b"data: "):
        return ""
    if line == b"data: [DONE]":
        return None
    event = orjson.loads(line[6:])
    if "error" in event:
        raise Broken(event["error"]["message"])
    choices = event["choices"]
    return choices[0]["delta"].get("content", "") if choices else ""


def ollama_text(line: bytes) -> str | None:
    if not line:
        return ""
    value = orjson.loads(line)
    return None if value["done"] else value["message"]["content"]


def openai_body(question: str, model: str = MODEL) -> dict[str, Any]:
    message = {"role": "user", "content": question}
    options = {"include_usage": True}
    return {"model": model, "messages": [message], "stream": True, "stream_options": options}


def ollama_body(question: str) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": question}], "stream": True}
