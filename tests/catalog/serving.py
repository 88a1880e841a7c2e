"""A server of models that a test fills, and counts the questions of."""

import asyncio
from collections.abc import AsyncGenerator

from chatapp.backends.base import ChatRequest, Delta, Finished, ServedModel, TextDelta
from chatapp.backends.errors import BackendError


class Server:
    """A backend that serves ``served``, answers with its own name, and may be told to fail."""

    def __init__(self, *served: ServedModel, name: str = "server") -> None:
        self.name = name
        self.served = served
        self.error: BackendError | None = None
        self.asked = 0
        self.requests: list[ChatRequest] = []
        self.time = 0.0
        self.gate = asyncio.Event()
        self.gate.set()

    async def served_models(self) -> tuple[ServedModel, ...]:
        self.asked += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        return self.served

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        if self.error:
            raise self.error
        yield TextDelta(self.name)
        yield Finished("stop")

    def clock(self) -> float:
        return self.time
