"""What an admin does with model servers and models. Each change is logged, no key ever."""

import logging
from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Min

from chatapp.accounts.models import User
from chatapp.backends.base import ServedModel
from chatapp.catalog.models import Endpoint, Kind, LanguageModel, Serving
from chatapp.catalog.secret import seal

logger = logging.getLogger(__name__)
OLLAMA_CONTEXT_TOKENS = 8192
"""What a model of Ollama starts with here: Ollama takes memory for as much as is asked for, and
a model's own length may be a hundred times that. Other servers were started with a length."""


def save_endpoint(endpoint: Endpoint, api_key: str, by: User) -> None:
    """Store a new server or what was changed of one. ``api_key`` of "" keeps the one that is
    there, unless the address is another: a key goes to no server that it was not given for."""
    before = Endpoint.objects.filter(pk=endpoint.pk).values_list("url", flat=True).first()
    if api_key:
        endpoint.sealed_key = seal(api_key)
    elif before not in (None, endpoint.url):
        endpoint.sealed_key = ""
    endpoint.save()
    logger.info("%s saved the model server %r at %s", by.username, endpoint.name, endpoint.url)


def remove_endpoint(endpoint: Endpoint, by: User) -> None:
    """Its models stay where another server has them; one that has none left is gone too."""
    with transaction.atomic():
        models = LanguageModel.objects.filter(servings__endpoint=endpoint)
        orphans = [model.pk for model in models if model.servings.count() == 1]
        endpoint.delete()
        LanguageModel.objects.filter(pk__in=orphans).delete()
    logger.info("%s removed the model server %r", by.username, endpoint.name)


def offer(served: ServedModel, endpoint: Endpoint, by: User) -> LanguageModel:
    """A new model, served there and pinned to the weights of now; nobody may use it yet."""
    with transaction.atomic():
        model = LanguageModel.objects.create(
            name=free_name(served.name),
            context_tokens=first_context(served) if endpoint.kind == Kind.OLLAMA else None,
        )
        add_place(model, served, endpoint, by)
    return model


def first_context(served: ServedModel) -> int:
    """What its maker set, or as much as is usual; never more than it was made for."""
    wanted = served.facts.usual_context or OLLAMA_CONTEXT_TOKENS
    return min(wanted, served.context_tokens or wanted)


def add_place(model: LanguageModel, served: ServedModel, endpoint: Endpoint, by: User) -> None:
    """Let ``endpoint`` serve ``model`` too, pinned to the weights of now."""
    Serving.objects.update_or_create(
        model=model,
        endpoint=endpoint,
        defaults={
            "name": served.name,
            "pin": served.identity,
            "found": served.identity,
            "facts": served.facts.as_json(),
        },
    )
    what = f"{served.name} ({served.identity or 'told by nothing'}) of {endpoint.name}"
    logger.info("%s lets %r be answered by %s", by.username, model.name, what)


def save_model(model: LanguageModel, groups: Iterable[Group], by: User) -> None:
    """Store what was changed, and who may use it from their next question on."""
    model.save()
    model.groups.set(groups)
    names = ", ".join(group.name for group in model.groups.all()) or "nobody"
    who = "everyone" if model.everyone else names
    state = "enabled" if model.enabled else "not enabled"
    logger.info("%s saved the model %r: %s, for %s", by.username, model.name, state, who)


def answer_first(model: LanguageModel, by: User) -> None:
    """Let it answer where a person chooses none."""
    least = LanguageModel.objects.aggregate(least=Min("position"))["least"] or 0
    LanguageModel.objects.filter(pk=model.pk).update(position=least - 1)
    logger.info("%s lets %r answer first", by.username, model.name)


def accept(serving: Serving, identity: str, by: User) -> bool:
    """Pin the weights ``identity``, those that the admin was shown; False, and nothing changed,
    where others have been seen since."""
    seen = Serving.objects.filter(pk=serving.pk, found=identity)
    if not seen.update(pin=identity):
        return False
    logger.info("%s accepts %s as %r", by.username, identity, serving.model.name)
    return True


def remove_place(serving: Serving, by: User) -> None:
    """Let that server not answer as that model any more; the model goes with its last server."""
    model = serving.model
    with transaction.atomic():
        serving.delete()
        if not model.servings.exists():
            model.delete()
    logger.info("%s took %r from %s", by.username, serving.model.name, serving.endpoint.name)


def free_name(name: str) -> str:
    """``name`` as people may see it, with a number where another model has it."""
    name = " ".join(name.split())[:100] or "Model"
    taken = set(LanguageModel.objects.filter(name__startswith=name).values_list("name", flat=True))
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbered if each not in taken)
