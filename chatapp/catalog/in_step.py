"""The rows of the model that the settings name, kept in step with them at every start."""

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction

from chatapp.catalog.models import Endpoint, LanguageModel, OnChange, Serving

ENDPOINT = "From the settings"
UNNAMED = "Default"
NAME_CHARS = 100
DEMO_LICENCE = "Apache-2.0"
"""SmolLM2's: huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct."""
logger = logging.getLogger(__name__)


def keep_in_step_at_start() -> None:
    """As :func:`keep_in_step`; where the database is away, a server starts all the same, with
    the rows of its last start."""
    try:
        keep_in_step()
    except DatabaseError as error:
        logger.warning("The model of the settings could not be taken up: %s", error)


@transaction.atomic
def keep_in_step() -> None:
    """Make or change what the settings name. Who may use the model, whether it is enabled and
    what an admin called it stay as they are; where it is new, everyone may use it, whatever its
    server makes of it."""
    address = {
        "kind": settings.MODEL_KIND,
        "url": settings.MODEL_URL,
        "parallel": settings.MODEL_PARALLEL or None,
    }
    endpoint = _row(Endpoint, address, {"name": _free(Endpoint, ENDPOINT)})
    limits: dict[str, Any] = {
        "demo": settings.MODEL_IS_DEMO,
        "context_tokens": settings.MODEL_CONTEXT_TOKENS,
        "answer_tokens": settings.MODEL_ANSWER_TOKENS or None,
    }
    if settings.MODEL_IS_DEMO:
        limits["licence"] = DEMO_LICENCE
    name = _free(LanguageModel, settings.MODEL_NAME[:NAME_CHARS] or UNNAMED)
    model = _row(
        LanguageModel, limits, {"name": name, "everyone": True, "on_change": OnChange.WARN}
    )
    _serve(model, endpoint)


def _row(kind: Any, kept: dict[str, Any], first: dict[str, Any]) -> Any:
    """The row of the settings with the values ``kept``; a new one has ``first`` too."""
    row, made = kind.objects.get_or_create(from_settings=True, defaults={**kept, **first})
    if not made and any(getattr(row, name) != value for name, value in kept.items()):
        kind.objects.filter(pk=row.pk).update(**kept)
    return row


def _serve(model: LanguageModel, endpoint: Endpoint) -> None:
    """Another name in the settings is another model: what people see follows it, unless an
    admin gave it a name of their own."""
    wanted = settings.MODEL_NAME
    serving, _ = Serving.objects.get_or_create(
        model=model, endpoint=endpoint, defaults={"name": wanted}
    )
    if serving.name == wanted:
        return
    if model.name in (serving.name[:NAME_CHARS], UNNAMED):
        name = _free(LanguageModel, wanted[:NAME_CHARS] or UNNAMED)
        LanguageModel.objects.filter(pk=model.pk).update(name=name)
    Serving.objects.filter(pk=serving.pk).update(name=wanted, pin="", found="", looked=None)


def _free(kind: Any, name: str) -> str:
    """``name``, or what it becomes where another row has it already."""
    taken = kind.objects.filter(name=name, from_settings=False).exists()
    return f"{name} (from the settings)" if taken else name
