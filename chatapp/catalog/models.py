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

    ``sealed_key`` is its API key as :mod:`chatapp.catalog.secret` seals it. ``parallel`` is how
    many answers it makes at once before others wait, null for as many as are asked for.
    ``from_settings`` marks the one that the settings name, which only they change.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.OPENAI)
    url = models.CharField(max_length=500)
    sealed_key = models.TextField(blank=True, editable=False)
    parallel = models.PositiveSmallIntegerField(null=True, blank=True)
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


class OnChange(models.TextChoices):
    """What happens to a model whose server has other weights than those that were pinned."""

    WITHHOLD = "withhold", "Withhold it until an admin has looked"
    WARN = "warn", "Go on using it, and warn here"


class Reasoning(models.TextChoices):
    """What a model can be asked for; "" is as its servers tell."""

    NEVER = "never", "It does not reason"
    ALWAYS = "always", "It always reasons"
    SWITCH = "switch", "On or off"
    LEVELS = "levels", "Low, medium or high"
    ALL = "all", "Off, low, medium or high"


class LanguageModel(models.Model):
    """A model as people choose it, wherever it is served.

    Those who may use it are ``groups``, or ``everyone``. The first by ``position`` that a person
    may use answers where they choose none. ``context_tokens`` is the most that is used of what
    its server has, null for all of it, and ``answer_tokens`` the longest answer, null for as long
    as the context leaves room. ``sees`` says whether it takes images, null for as its servers
    tell, ``reasoning`` what may be asked of its reasoning and ``effort`` how much it reasons where
    nobody asks, "" for as it does unasked. ``opened`` is that of
    :class:`chatapp.backends.base.ChatRequest`. ``licence`` is a key of the register
    (licences.py), "" for as its servers tell, and ``licence_note`` what an admin adds; of its
    ``parameters`` the ``active_parameters`` work on each token. ``from_settings`` marks the one
    that the settings name: they give its limits and whether it is the built-in demonstration
    (``demo``), while who may use it is the admin's here too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    groups = models.ManyToManyField(Group, related_name="language_models", blank=True)
    everyone = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    position = models.IntegerField(default=0, editable=False)
    context_tokens = models.PositiveIntegerField(null=True, blank=True)
    answer_tokens = models.PositiveIntegerField(null=True, blank=True, default=1024)
    sees = models.BooleanField(null=True, blank=True)
    reasoning = models.CharField(max_length=8, choices=Reasoning.choices, blank=True)
    effort = models.CharField(max_length=8, blank=True)
    opened = models.BooleanField(default=False)
    licence = models.CharField(max_length=40, blank=True)
    licence_note = models.CharField(max_length=300, blank=True)
    parameters = models.BigIntegerField(null=True, blank=True)
    active_parameters = models.BigIntegerField(null=True, blank=True)
    on_change = models.CharField(max_length=8, choices=OnChange.choices, default=OnChange.WITHHOLD)
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
    its server names first.

    ``pin`` is the identity of the weights (:class:`chatapp.backends.base.ServedModel`) that an
    admin enabled, "" where the server told none; ``found`` the one that was seen last, at
    ``looked``, and ``missing`` says that the server did not list the model then. ``facts`` are
    those of :class:`chatapp.backends.facts.Facts` that it told.
    """

    model = models.ForeignKey(LanguageModel, on_delete=models.CASCADE, related_name="servings")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="servings")
    name = models.CharField(max_length=200, blank=True)
    pin = models.CharField(max_length=200, blank=True)
    found = models.CharField(max_length=200, blank=True)
    missing = models.BooleanField(default=False)
    looked = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["model", "endpoint"], name="one_serving_per_endpoint")
        ]

    @property
    def changed(self) -> bool:
        """Whether the server was seen with other weights than those that were pinned."""
        return bool(self.pin and self.found) and self.pin != self.found


class Look(models.Model):
    """One look at whether an endpoint answers: how long it took, or a sentence on why it does
    not (``trouble``), which may be that it is ``loading`` its model. Those of the last day are
    kept."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="looks")
    at = models.DateTimeField(auto_now_add=True)
    milliseconds = models.PositiveIntegerField()
    trouble = models.CharField(max_length=200, blank=True)
    loading = models.BooleanField(default=False)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["endpoint", "-at"])]


class PullState(models.TextChoices):
    """How a pull stands. The last three are final."""

    QUEUED = "queued", "Waits"
    RUNNING = "running", "Is being fetched"
    DONE = "done", "Is there"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


UNFINISHED_PULLS = (PullState.QUEUED, PullState.RUNNING)


class Pull(models.Model):
    """That an admin asked a server to fetch the model ``name``. ``beat`` is when whoever works at
    it was last seen; ``digest`` is that of the model which is there at the end."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="pulls")
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=PullState.choices, default=PullState.QUEUED)
    status = models.CharField(max_length=200, blank=True)
    completed = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=100, blank=True)
    asked = models.DateTimeField(auto_now_add=True)
    beat = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "name"],
                condition=models.Q(state__in=UNFINISHED_PULLS),
                name="one_pull_of_a_model_at_once",
            )
        ]

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED_PULLS

    @property
    def percent(self) -> int:
        """Of what the server has named so far."""
        return min(100, 100 * self.completed // self.total) if self.total > 0 else 0
