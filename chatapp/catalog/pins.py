"""Weights that are not those that an admin enabled are noticed at each use."""

import logging

from chatapp.backends.base import ServedModel
from chatapp.backends.errors import ModelChanged
from chatapp.catalog.offer import Offer, Place

logger = logging.getLogger(__name__)


class Pins:
    """Compares what is served with what was pinned; logs each change once in a process."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, str]] = set()

    def check(self, offer: Offer, place: Place, served: ServedModel) -> None:
        """Raises ModelChanged where the weights are others and the model is then withheld.

        A server that tells nothing to know weights by has not changed.
        """
        if not place.pin or served.identity in (place.pin, ""):
            return
        change = f"{offer.name} at {place.address.name}: pinned {place.pin}, is {served.identity}"
        told = (str(offer.id), str(place.address.id), served.identity)
        if told not in self._told:
            self._told.add(told)
            logger.warning("A model was changed on its server. %s", change)
        if offer.withholds:
            raise ModelChanged(change)
