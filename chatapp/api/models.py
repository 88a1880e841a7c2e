"""API keys: who holds one, and what it may do."""

from django.conf import settings
from django.db import models

from chatapp.library.models import Collection


class Scope(models.TextChoices):
    """What a key may be used for; its owner's rights bound it in any case."""

    CHAT = "chat", "Chat"
    MODERATIONS = "moderations", "Moderations"
    COLLECTIONS_READ = "collections:read", "Search collections"
    COLLECTIONS_WRITE = "collections:write", "Change collections"


class ApiKey(models.Model):
    """A key of one person.

    ``prefix`` finds the row and may be shown; of the key's secret only ``digest`` is kept, its
    SHA-256 in hexadecimal. ``collections`` are those that its chats search where a request names
    none. A revoked key stays as a row, so that what was done with it can still be told.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    collections = models.ManyToManyField(Collection, related_name="+", blank=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
