"""Model servers, the models that people may be answered by, and which server serves which."""

import uuid

from django.contrib.auth.models import Group
from django.db import models


class Kind(models.TextChoices):
    """What a server speaks."""

    OPENAI = "openai", "OpenAI-compatible (vLLM, SGLang, llama.cpp)"
    OLLAMA = "ollama", "Ollama"


class Endpoint(models.Model):
    """A model server.

    ``sealed_key`` is its API key as :mod:`chatapp.catalog.secret` seals it. ``from_settings``
    marks the one that the settings name, which only they change.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.OPENAI)
    url = models.CharField(max_length=500)
    sealed_key = models.TextField(blank=True, editable=False)
    from_settings = models.BooleanField(default=False, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["from_settings"],
                condition=models.Q(from_settings=True),
                name="one_endpoint_of_the_settings",
            )
        ]

    def __str__(self) -> str:
        return self.name


class LanguageModel(models.Model):
    """A model as people choose it, wherever it is served.

    Those who may use it are ``groups``, or ``everyone``. The first by ``position`` that a person
    may use answers where they choose none. ``context_tokens`` is the most that is used of what
    its server has, null for all of it. ``from_settings`` marks the one that the settings name:
    they give its limits and whether it is the built-in demonstration (``demo``), while who may
    use it is the admin's here too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    groups = models.ManyToManyField(Group, related_name="language_models", blank=True)
    everyone = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    position = models.IntegerField(default=0, editable=False)
    context_tokens = models.PositiveIntegerField(null=True, blank=True)
    answer_tokens = models.PositiveIntegerField(default=1024)
    demo = models.BooleanField(default=False, editable=False)
    from_settings = models.BooleanField(default=False, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["from_settings"],
                condition=models.Q(from_settings=True),
                name="one_model_of_the_settings",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Serving(models.Model):
    """That an endpoint serves a model, by the ``name`` that it has there: "" means whichever
    its server names first."""

    model = models.ForeignKey(LanguageModel, on_delete=models.CASCADE, related_name="servings")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="servings")
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["model", "endpoint"], name="one_serving_per_endpoint")
        ]
