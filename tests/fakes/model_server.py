"""A model server that follows a script: true byte formats, no model.

In a test, as a fixture::

    async with FakeModelServer() as server:
        server.script = Script(pieces=("Hel", "lo"))
        ... OpenAIBackend(server.url) ...
        assert server.requests[0].body["model"] == "fake"

As a process: ``python -m tests.fakes.model_server PORT``. It then answers by a keyword in the last
message (see ``KEYWORDS``), or as ``POST /script`` told it: a JSON object of Script's fields, where
``gate_after`` makes it wait, after that many pieces, for ``POST /open``. ``GET /requests`` lists
what it was asked and whether the client went away.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from aiohttp import web

from tests.fakes.model_formats import OllamaFormat, OpenAIFormat, Script

HARMFUL = "Mix the two and light the fuse to build the bomb. "
# What the process answers when the last message holds the word, each a Script's changes.
KEYWORDS: dict[str, dict[str, Any]] = {
    "slowly": {"pieces": ("This ", "answer ", "takes ", "its ", "time. ") * 40, "seconds": 0.1},
    "for ever": {"pieces": ("Still ", "going. "), "gate_after": 1},
    "overloaded": {"status": 503},
    "break off": {"pieces": ("This answer ", "breaks "), "drop_after": 2},
    "markdown": {
        "pieces": ("# Head\n\n", "- **bold** ", "`code`\n", "- [link](https://a.example)")
    },
    "bomb": {"pieces": (HARMFUL,)},
}


@dataclass(slots=True)
class Seen:
    """One request. ``gone`` is set when its client went away before the end."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    sent: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class FakeModelServer:
    """The server; ``models`` is what it says it serves, with the context in tokens, and
    ``loaded`` what it has in memory."""

    def __init__(self) -> None:
        self.script = Script()
        self.by_keyword = False
        self.models: dict[str, int | None] = {"fake": 4096}
        self.loaded = {"fake"}
        self.requests: list[Seen] = []
        self.gate = asyncio.Event()
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int) -> None:
        """Listen on loopback; port 0 takes a free one."""
        # handler_cancellation ends a handler as soon as its client has gone.
        self._runner = web.AppRunner(
            self.app(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{bound}"

    async def stop(self) -> None:
        self.gate.set()
        if self._runner:
            await self._runner.cleanup()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=32 << 20)
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/v1/models", self._models),
                web.post("/v1/chat/completions", self._answer(OpenAIFormat)),
                web.post("/v1/completions", self._completion),
                web.get("/api/tags", self._tags),
                web.get("/api/ps", self._running),
                web.post("/api/show", self._show),
                web.post("/api/chat", self._answer(OllamaFormat)),
                web.post("/api/generate", self._generate),
                web.post("/script", self._set_script),
                web.post("/open", self._open_gate),
                web.get("/requests", self._list_requests),
            ]
        )
        return app

    def _answer(self, form: type[OpenAIFormat] | type[OllamaFormat]) -> Callable[..., Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            seen = await self._see(request)
            script = self._script_for(seen.body)
            if script.status != 200:
                return web.json_response(form.refusal(script), status=script.status)
            response = web.StreamResponse(headers={"Content-Type": form.content_type})
            await response.prepare(request)
            try:
                async for data in self._play(script, form(script, seen.body), seen):
                    await send(response, data, script.split)
                await response.write_eof()
            except (ConnectionError, asyncio.CancelledError):
                seen.gone.set()
                raise
            except Dropped:
                assert request.transport is not None
                request.transport.abort()
            return response

        return handle

    async def _play(
        self, script: Script, form: OpenAIFormat | OllamaFormat, seen: Seen
    ) -> AsyncIterator[bytes]:
        yield form.begin()
        for thought in script.reasoning:
            yield form.reasoning(thought)
        for number, piece in enumerate([*script.pieces, None]):
            if number == script.gate_after:
                await self.gate.wait()
            if number == script.drop_after:
                raise Dropped
            if number == script.error_after:
                yield form.error()
                return
            if piece is not None:
                seen.sent += 1
                yield form.text(piece)
                await asyncio.sleep(script.seconds)
        yield form.end()

    def _script_for(self, body: dict[str, Any]) -> Script:
        if not self.by_keyword:
            return self.script
        said = str(body["messages"][-1]["content"]).lower()
        changes = next((KEYWORDS[word] for word in KEYWORDS if word in said), {})
        return replace(self.script, **changes)

    async def _see(self, request: web.Request) -> Seen:
        seen = Seen(request.path, await request.json(), dict(request.headers))
        self.requests.append(seen)
        return seen

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _models(self, _: web.Request) -> web.Response:
        data = [
            {"id": name, "object": "model", "owned_by": "vllm", "max_model_len": context}
            for name, context in self.models.items()
        ]
        return web.json_response({"object": "list", "data": data})

    async def _completion(self, request: web.Request) -> web.Response:
        await self._see(request)
        if self.script.status != 200:
            return web.json_response(OpenAIFormat.refusal(self.script), status=self.script.status)
        top = self.script.logprobs or {}
        logprobs: dict[str, Any] = {"top_logprobs": [top]}
        if self.script.style == "llamacpp":
            listed = [{"token": token, "logprob": value} for token, value in top.items()]
            logprobs = {"content": [{**listed[0], "top_logprobs": listed}] if listed else []}
        choice = {"index": 0, "text": "".join(self.script.pieces), "logprobs": logprobs}
        return web.json_response({"object": "text_completion", "choices": [choice]})

    async def _tags(self, _: web.Request) -> web.Response:
        models = [
            {
                "name": name,
                "model": name,
                "modified_at": "2026-10-26T17:21:21.196249Z",
                "size": 3338801804,
                "digest": "a2af6cc3eb7fa8be8504abaf9b04e88f17a119ec3f04a3addf55f92841195f5a",
                "details": {"format": "gguf", "family": "gemma3", "parameter_size": "4.3B"},
            }
            for name in self.models
        ]
        return web.json_response({"models": models})

    async def _running(self, _: web.Request) -> web.Response:
        models = [
            {
                "name": name,
                "model": name,
                "size": 6654289920,
                "digest": "a2af6cc3eb7fa8be8504abaf9b04e88f17a119ec3f04a3addf55f92841195f5a",
                "details": {"format": "gguf", "family": "gemma3", "parameter_size": "4.3B"},
                "expires_at": "2026-10-26T17:33:47.832142Z",
                "size_vram": 5333539264,
                "context_length": 4096,
            }
            for name in sorted(self.loaded)
        ]
        return web.json_response({"models": models})

    async def _show(self, request: web.Request) -> web.Response:
        name = (await request.json())["model"]
        if name not in self.models:
            return web.json_response({"error": f"model '{name}' not found"}, status=404)
        context = self.models[name]
        shown: dict[str, Any] = {
            "capabilities": ["embedding"] if context is None else ["completion", "vision"],
            "model_info": {"general.architecture": "gemma3", "gemma3.context_length": context},
        }
        return web.json_response(shown)

    async def _generate(self, request: web.Request) -> web.Response:
        await self._see(request)
        if self.script.status != 200:
            return web.json_response(OllamaFormat.refusal(self.script), status=self.script.status)
        answer: dict[str, Any] = {"response": "".join(self.script.pieces), "done": True}
        if top := self.script.logprobs:
            listed = [{"token": token, "logprob": value} for token, value in top.items()]
            answer["logprobs"] = [{**listed[0], "top_logprobs": listed}]
        return web.json_response(answer)

    async def _set_script(self, request: web.Request) -> web.Response:
        fields = await request.json()
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields.items()
        }
        self.script, self.by_keyword = Script(**values), False
        self.gate.clear()
        return web.json_response({})

    async def _open_gate(self, _: web.Request) -> web.Response:
        self.gate.set()
        return web.json_response({})

    async def _list_requests(self, _: web.Request) -> web.Response:
        listed = [
            {"path": seen.path, "body": seen.body, "sent": seen.sent, "gone": seen.gone.is_set()}
            for seen in self.requests
        ]
        return web.json_response(listed)


class Dropped(Exception):
    """The script says that the connection breaks here."""


async def send(response: web.StreamResponse, data: bytes, split: int | None) -> None:
    size = split or len(data) or 1
    for start in range(0, len(data), size):
        await response.write(data[start : start + size])


async def serve(port: int) -> None:
    server = FakeModelServer()
    server.by_keyword = True
    await server.start(port)
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
