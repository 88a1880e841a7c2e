"""The benchmarks' model server: true bytes of OpenAI and Ollama at a set pace, and no model.

``python -m bench.model_server``, at the address in MODEL_URL. Leaner than the one in tests/fakes,
which can break in every way and costs more a token than what is measured here: each token is one
prepared write.

========================  ====================================================================
``POST /pace``            sets what follows: Pace's fields as JSON
``GET /stamps``           when each token was sent, by the mark in the question; then forgets
``…/chat/completions``    and ``/v1/models``: OpenAI's
``/api/chat``             and ``/api/tags``, ``/api/show``: Ollama's
========================  ====================================================================

Stamps are seconds of CLOCK_MONOTONIC, which every process of the machine reads alike.
"""

import asyncio
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop
from aiohttp import web

from bench import answer
from chatapp.launch import lineage

MARK = re.compile(r"\(stream [a-z]+\)")
CONTEXT_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class Pace:
    """``first`` is the delay of the first token in seconds, ``rate`` tokens a second then."""

    first: float = 0.05
    rate: float = 50.0
    tokens: int = 200
    seed: int = 1


class Speaker:
    """Writes one answer to a connection by the clock: a late token delays none after it."""

    def __init__(
        self, transport: asyncio.WriteTransport, spoken: answer.Spoken, pace: Pace
    ) -> None:
        self.stamps: list[float] = []
        self.over = asyncio.get_running_loop().create_future()
        self._transport = transport
        self._tokens = spoken.tokens
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time() + pace.first

    def start(self) -> None:
        self._loop.call_at(self._began, self._say)

    def _say(self) -> None:
        if self.over.done() or self._transport.is_closing():
            return
        number = len(self.stamps)
        self.stamps.append(monotonic())
        self._transport.write(self._tokens[number])
        if number + 1 == len(self._tokens):
            self.over.set_result(None)
        else:
            self._loop.call_at(self._began + (number + 1) / self._pace.rate, self._say)


class ModelServer:
    """The routes, and the stamps that they leave."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.speaking = 0
        self.stamps: dict[str, list[float]] = {}

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/health", self._health),
                web.post("/pace", self._set_pace),
                web.get("/stamps", self._take_stamps),
                web.get("/v1/models", self._models),
                web.post("/v1/chat/completions", self._speak(answer.openai)),
                web.get("/api/tags", self._tags),
                web.post("/api/show", self._show),
                web.post("/api/chat", self._speak(answer.ollama)),
            ]
        )
        return app

    def _speak(self, form: Callable[[int, int], answer.Spoken]) -> Callable[..., Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.json(loads=orjson.loads)
            pace, mark = self.pace, mark_of(body)
            spoken = form(pace.tokens, pace.seed)
            response = web.StreamResponse(headers={"Content-Type": spoken.content_type})
            response.enable_chunked_encoding()
            writer = await response.prepare(request)
            if writer is None or request.transport is None:
                raise ConnectionResetError
            writer.send_headers()
            speaker = Speaker(request.transport, spoken, pace)
            self.stamps[mark] = speaker.stamps
            await self._listen_to(speaker)
            request.transport.write(spoken.end)
            await response.write_eof()
            return response

        return handle

    async def _listen_to(self, speaker: Speaker) -> None:
        """Until it is over; it falls silent where its listener goes away."""
        self.speaking += 1
        try:
            speaker.start()
            await speaker.over
        finally:
            self.speaking -= 1

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _set_pace(self, request: web.Request) -> web.Response:
        self.pace = Pace(**await request.json())
        return web.json_response({})

    async def _take_stamps(self, _: web.Request) -> web.Response:
        taken, self.stamps = self.stamps, {}
        return web.Response(body=orjson.dumps(taken), content_type="application/json")

    async def _models(self, _: web.Request) -> web.Response:
        model = {"id": answer.MODEL, "object": "model", "created": answer.CREATED}
        model |= {"owned_by": "vllm", "max_model_len": CONTEXT_TOKENS}
        return web.json_response({"object": "list", "data": [model]})

    async def _tags(self, _: web.Request) -> web.Response:
        name = {"name": answer.MODEL, "model": answer.MODEL}
        facts = {"modified_at": "2026-11-24T14:24:27.196249Z", "size": 4_900_000_000}
        details = {"format": "gguf", "family": "llama", "parameter_size": "8.0B"}
        model = {**name, **facts, "digest": "46e0c10c039e" * 5 + "46e0", "details": details}
        return web.json_response({"models": [model]})

    async def _show(self, _: web.Request) -> web.Response:
        info = {"general.architecture": "llama", "llama.context_length": CONTEXT_TOKENS}
        return web.json_response({"capabilities": ["completion"], "model_info": info})


def mark_of(body: dict[str, Any]) -> str:
    """The mark in the last message; "" where there is none."""
    found = MARK.search(str(body["messages"][-1]["content"]))
    return found[0] if found else ""


async def serve(port: int) -> None:
    """Answer on loopback until the process is stopped; whoever goes away is spoken to no more."""
    runner = web.AppRunner(ModelServer().app(), handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    lineage.follow_runner()
    uvloop.run(serve(urlsplit(os.environ["MODEL_URL"]).port or 0))
