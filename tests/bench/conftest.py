"""The benchmarks' model server, in the test's own event loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from bench.model_server import ModelServer, Pace


@dataclass(frozen=True, slots=True)
class Served:
    """The server with its address, and a client."""

    server: ModelServer
    url: str
    http: aiohttp.ClientSession


@asynccontextmanager
async def answering(app: web.Application) -> AsyncIterator[str]:
    """The address of ``app``, served until the block ends."""
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def served(http: aiohttp.ClientSession) -> AsyncIterator[Served]:
    """It answers at once with ten tokens."""
    server = ModelServer()
    server.pace = Pace(first=0.0, rate=10_000, tokens=10)
    async with answering(server.app()) as url:
        yield Served(server, url, http)
