"""One turn's way to its model: which server answers, and the answer."""

from collections.abc import AsyncGenerator, Callable

from chatapp.backends.base import Backend, ChatRequest, Delta, ServedModel
from chatapp.backends.errors import ModelMissing
from chatapp.catalog.offer import Address, Offer, Place
from chatapp.catalog.pins import Pins
from chatapp.catalog.watch import ModelChoice, Wanted, Watch, limited, named


class Station:
    """A model server, as this process knows it."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.watch = Watch(backend)
        self.pins = Pins()


class Lane:
    """A :class:`chatapp.backends.base.Backend` for one model. ``offer`` is None where no model is
    enabled, which each method tells by ModelMissing."""

    def __init__(self, offer: Offer | None, station_at: Callable[[Address], Station]) -> None:
        self._offer = offer
        self._station_at = station_at

    async def model(self) -> ModelChoice:
        """The model and its limits, as its server tells. Raises BackendError."""
        offer, place = self._place()
        station = self._station_at(place.address)
        found = named(await station.watch.served(), place.name)
        station.pins.check(offer, place, found)
        return limited(found, Wanted(offer.demo, offer.context_tokens, offer.answer_tokens))

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Raises BackendError."""
        _, place = self._place()
        return self._station_at(place.address).backend.stream(request)

    async def served_models(self) -> tuple[ServedModel, ...]:
        """Raises BackendError."""
        _, place = self._place()
        return await self._station_at(place.address).watch.served()

    def _place(self) -> tuple[Offer, Place]:
        if self._offer is None or not self._offer.places:
            raise ModelMissing("no model is enabled, or no server has it")
        return self._offer, self._offer.places[0]
