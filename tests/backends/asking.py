"""Asking a backend, and waiting for what a server sees."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress

from chatapp.backends.base import Backend, ChatRequest, Delta, Message, ReasoningDelta, TextDelta

QUESTION = ChatRequest("fake", (Message("system", "Be brief."), Message("user", "Hello?")))


async def ask(backend: Backend, request: ChatRequest = QUESTION) -> list[Delta]:
    """The whole answer."""
    async with aclosing(backend.stream(request)) as stream:
        return [delta async for delta in stream]


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def reasoning(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta))


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    """The address of a server that does whatever ``handler`` does with a connection."""
    connections: list[asyncio.Task[None] | None] = []

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.current_task())
        # A client that gives up early, maybe before it has asked, is nobody's error.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await handler(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()
        await asyncio.gather(*(task for task in connections if task))


def answering(data: bytes, *, close: bool = True) -> Handler:
    """Sends ``data``, whatever is asked; then closes the connection, or keeps it open until the
    client does."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        while not close and await reader.read(65_536):
            pass

    return handle
