"""The moderation log, who read it, and the policies in force.

The log names turns, documents and people by value, without foreign keys: deleting a
conversation must not delete what was moderated in it.
"""

from django.conf import settings
from django.db import models

from chatapp.moderation.append_only import AppendOnly


class PolicyVersion(models.Model):
    """A guard policy as it was at one version; never changed once made."""

    version = models.PositiveIntegerField(primary_key=True)
    body = models.JSONField()
    active = models.BooleanField(default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["active"], condition=models.Q(active=True), name="one_active_policy"
            )
        ]


class Kind(models.TextChoices):
    VERDICT = "verdict", "Verdict"
    FAILURE = "failure", "Judge failure"


class Entry(AppendOnly):
    """One decision of the guard other than a plain pass, or one failure of a judge.

    ``text`` is what was judged and ``released`` what was let through where that is less;
    ``context`` a list of ``{"role", "text"}``, the messages before it as the judges saw them.
    ``findings`` are those that the policy acted on: ``{"category", "name", "score", "start",
    "end"}``, strongest first. ``categories`` holds their codes, each between spaces, to filter
    by. ``verdicts`` has what every judge said: ``{"judge", "version", "taxonomy", "seconds",
    "findings"}``; ``judge`` and its neighbours name the one that the strongest finding is from,
    or the one that failed. ``detail`` is why it failed, or what the person was told. ``api_key``
    is the visible part of the key by which it came over the API, "" where it came by the page.
    """

    created = models.DateTimeField(auto_now_add=True, db_index=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    stage = models.CharField(max_length=12)
    action = models.CharField(max_length=8)
    findings = models.JSONField(default=list)
    categories = models.CharField(max_length=400, blank=True)
    top_category = models.CharField(max_length=20, blank=True, db_index=True)
    top_score = models.FloatField(default=0)
    verdicts = models.JSONField(default=list)
    judge = models.CharField(max_length=100)
    judge_version = models.CharField(max_length=100, blank=True)
    taxonomy = models.CharField(max_length=40, blank=True)
    policy_version = models.PositiveIntegerField()
    detail = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    released = models.TextField(blank=True)
    context = models.JSONField(default=list)
    person_id = models.BigIntegerField(null=True)
    person = models.CharField(max_length=150, blank=True)
    conversation_id = models.UUIDField(null=True)
    turn_id = models.UUIDField(null=True, db_index=True)
    document_id = models.UUIDField(null=True)
    document = models.CharField(max_length=255, blank=True)
    api_key = models.CharField(max_length=12, blank=True)
    api_key_name = models.CharField(max_length=80, blank=True)

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]


class Reading(AppendOnly):
    """Who opened which entry, and when: reads of other people's words are logged too."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="readings")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
