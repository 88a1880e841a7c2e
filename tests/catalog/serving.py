"""A server of models that a test fills, holds up and breaks, and counts the questions of."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID, uuid4

from chatapp.backends.base import ChatRequest, Delta, Finished, Message, ServedModel, TextDelta
from chatapp.backends.errors import BackendError
from chatapp.catalog.dispatch import NOBODY, Caller, Dispatcher
from chatapp.catalog.lane import Lane, Network
from chatapp.catalog.offer import Address, Offer, Place
from chatapp.catalog.station import Station

REQUEST = ChatRequest("qwen3:8b", (Message("user", "Hello?"),))


class Server:
    """A backend that serves ``served`` and answers with its own name.

    It fails with ``error``, or with ``breaks`` behind the first piece; ``gate`` holds its list,
    ``hold`` its answers. ``cold`` names the models that it has to load.
    """

    def __init__(self, *served: ServedModel, name: str = "server") -> None:
        self.name = name
        self.served = served
        self.error: BackendError | None = None
        self.breaks: BackendError | None = None
        self.asked = 0
        self.requests: list[ChatRequest] = []
        self.open = 0
        self.cold: set[str] = set()
        self.cold_asked = 0
        self.time = 0.0
        self.gate = asyncio.Event()
        self.gate.set()
        self.hold = asyncio.Event()
        self.hold.set()

    async def served_models(self) -> tuple[ServedModel, ...]:
        self.asked += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        return self.served

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        self.open += 1
        try:
            if self.error:
                raise self.error
            await self.hold.wait()
            yield TextDelta(self.name)
            if self.breaks:
                raise self.breaks
            yield Finished("stop")
        finally:
            self.open -= 1

    async def is_cold(self, model: str) -> bool:
        self.cold_asked += 1
        return model in self.cold

    def clock(self) -> float:
        return self.time


class Pool:
    """Servers of one model, by name, in a process of their own."""

    def __init__(self, *servers: Server, parallel: int | None = None, away: float = 60.0) -> None:
        self.servers = {server.name: server for server in servers}
        self.stations = {name: Station(s, parallel, away) for name, s in self.servers.items()}
        self.addresses = [
            Address(uuid4(), name, "openai", f"http://{name}") for name in self.servers
        ]
        self.dispatcher = Dispatcher()
        self.offer = Offer(
            uuid4(),
            "Qwen 3 8B",
            demo=False,
            context_tokens=8192,
            answer_tokens=1024,
            places=tuple(Place(address, "qwen3:8b") for address in self.addresses),
        )

    def lane(self, caller: Caller = NOBODY, offer: Offer | None = None) -> Lane:
        network = Network(lambda address: self.stations[address.name], self.dispatcher)
        return Lane(offer or self.offer, caller, network)

    async def ask(self, caller: Caller = NOBODY) -> str:
        """The name of the server that answers a whole turn."""
        lane = self.lane(caller)
        await lane.model()
        return text([delta async for delta in lane.stream(REQUEST)])

    def name_of(self, station: UUID) -> str:
        return next(each.name for each in self.addresses if each.id == station)


def serving(name: str, **facts: object) -> Server:
    """A server of the pool's model."""
    return Server(ServedModel("qwen3:8b", **facts), name=name)  # type: ignore[arg-type]  # its fields


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
