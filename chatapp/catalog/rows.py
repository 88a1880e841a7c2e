"""From rows to the values that a turn works with."""

import logging
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

from chatapp.catalog.models import Endpoint, LanguageModel, OnChange, Serving
from chatapp.catalog.offer import Address, Offer, Place
from chatapp.catalog.secret import Unreadable, unseal
from chatapp.catalog.traits import facts_of, traits_of

logger = logging.getLogger(__name__)


def offer_of(model: UUID | None) -> Offer | None:
    """The enabled model of that id, or the first of all; None where there is none, or nobody
    serves it. One query, and one more to find the first of all.

    Who may use it was asked before: see :func:`chatapp.access.usable_models`.
    """
    if model is None:
        enabled = LanguageModel.objects.filter(enabled=True)
        model = enabled.values_list("id", flat=True).first()
    offered = Serving.objects.filter(model=model, model__enabled=True)
    servings = list(offered.select_related("model", "endpoint"))
    if not servings:
        return None
    found = servings[0].model
    return Offer(
        id=found.id,
        name=found.name,
        demo=found.demo,
        context_tokens=found.context_tokens,
        answer_tokens=found.answer_tokens,
        places=places_of(servings),
        withholds=found.on_change == OnChange.WITHHOLD,
        traits=traits_of(found, facts_of(servings)),
    )


def places_of(servings: Iterable[Serving]) -> tuple[Place, ...]:
    """Where it can be asked: not at a server whose key can no longer be read."""
    places: list[Place] = []
    for each in servings:
        try:
            places.append(Place(address_of(each.endpoint), each.name, each.pin))
        except Unreadable:
            logger.warning("The key of the model server %r cannot be read.", each.endpoint.name)
    return tuple(places)


def address_of(endpoint: Endpoint) -> Address:
    """Raises chatapp.catalog.secret.Unreadable where its key cannot be read."""
    key = settings.MODEL_API_KEY if endpoint.from_settings else unseal(endpoint.sealed_key)
    return Address(
        id=endpoint.id,
        name=endpoint.name,
        kind=endpoint.kind,
        url=endpoint.url,
        api_key=key,
        parallel=endpoint.parallel,
    )
