"""Looking at servers: does one answer, what does it serve, and are the weights those pinned?"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from asgiref.sync import async_to_sync
from django.utils import timezone

from chatapp import wiring
from chatapp.backends.base import ServedModel
from chatapp.backends.errors import BackendError, ModelMissing, StillLoading
from chatapp.catalog.models import Endpoint, Look, Serving
from chatapp.catalog.offer import Address
from chatapp.catalog.rows import address_of
from chatapp.catalog.secret import Unreadable
from chatapp.catalog.watch import named

LOOK_SECONDS = 5.0
KEPT = timedelta(days=1)
UNREADABLE = "Its API key cannot be read, since SECRET_KEY was changed: give the key again."


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look saw; ``trouble`` is a sentence where the server did not answer, and
    ``loading`` says that it was loading its model."""

    served: tuple[ServedModel, ...]
    milliseconds: int
    trouble: str = ""
    loading: bool = False


def look_at(endpoint: Endpoint) -> Seen:
    """Ask a server what it serves, and write down what was seen."""
    return look_at_all([endpoint])[0]


def look_at_all(endpoints: Iterable[Endpoint]) -> list[Seen]:
    """As :func:`look_at`, all at once; looks of more than a day ago are dropped."""
    asked = list(endpoints)
    seen = async_to_sync(_ask_all)([_address(endpoint) for endpoint in asked])
    Look.objects.filter(at__lt=timezone.now() - KEPT).delete()
    for endpoint, what in zip(asked, seen, strict=True):
        Look.objects.create(
            endpoint=endpoint,
            milliseconds=what.milliseconds,
            trouble=what.trouble[:200],
            loading=what.loading,
        )
        if not what.trouble:
            for serving in endpoint.servings.all():
                _note(serving, what.served)
    return seen


def _address(endpoint: Endpoint) -> Address | None:
    try:
        return address_of(endpoint)
    except Unreadable:
        return None


async def _ask_all(addresses: list[Address | None]) -> list[Seen]:
    return await asyncio.gather(*map(_ask, addresses))


async def _ask(address: Address | None) -> Seen:
    if address is None:
        return Seen((), 0, UNREADABLE)
    began = monotonic()
    served: tuple[ServedModel, ...] = ()
    trouble, loading = "", False
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            served = await wiring.backend_at(address).served_models()
    except BackendError as error:
        trouble = without(address.api_key, str(error))
        loading = isinstance(error, StillLoading)
    except TimeoutError:
        trouble = f"It has not answered in {LOOK_SECONDS:g} seconds."
    return Seen(served, round(1000 * (monotonic() - began)), trouble, loading)


def without(key: str, text: str) -> str:
    """``text`` of a server that may repeat the key it was sent."""
    return text.replace(key, "…") if key else text


def _note(serving: Serving, served: tuple[ServedModel, ...]) -> None:
    """Write down which weights were seen; the first that are seen of a named model are pinned,
    where an admin could not pin any."""
    rows = Serving.objects.filter(pk=serving.pk)
    try:
        seen = named(served, serving.name)
    except ModelMissing:
        rows.update(missing=True, looked=timezone.now())
        return
    told = {"found": seen.identity, "facts": seen.facts.as_json()}
    rows.update(**told, missing=False, looked=timezone.now())
    if serving.name:
        rows.filter(pin="").update(pin=seen.identity)
