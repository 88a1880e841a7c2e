"""Conversations, their turns, and the sources that each answer was given."""

import uuid

from django.conf import settings
from django.db import models


class Conversation(models.Model):
    """A tree of turns. ``branch`` is the turn through which the branch goes that was chosen to be
    shown; without one the newest turn's is. Those that are ``pinned`` are listed first. One that
    was ``deleted`` is shown to nobody, and waits for its removal in case that was a slip. One that
    ``expires`` is temporary: it is not listed, and removed then unless it was seen since
    (temporary.py)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations"
    )
    title = models.CharField(max_length=120)
    branch = models.ForeignKey("Turn", on_delete=models.SET_NULL, null=True, related_name="+")
    pinned = models.BooleanField(default=False)
    deleted = models.DateTimeField(null=True, db_index=True)
    expires = models.DateTimeField(null=True, db_index=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-pinned", "-updated"]
        indexes = [
            models.Index(fields=["owner", "-pinned", "-updated"], name="conversations_as_listed")
        ]

    def __str__(self) -> str:
        return self.title


class Status(models.TextChoices):
    """How a turn stands. All but UNFINISHED are final."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"
    BLOCKED = "blocked", "Blocked"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


UNFINISHED = (Status.QUEUED, Status.RUNNING)
REMEMBERED = (Status.DONE, Status.STOPPED, Status.INTERRUPTED)
"""What a model is told of later: answers that were shown, though maybe not whole."""


class Turn(models.Model):
    """A question and its answer.

    ``parent`` is the turn that this one follows, so that a conversation can branch: it is an
    earlier one of the same conversation, and stays it (integrity.py).
    ``client_id`` is made by the client: a question that is sent twice makes one turn. ``model``
    is the one that was chosen, ``effort`` how much it was asked to reason ("" where nobody chose),
    ``model_name`` what its server calls the one that answered.
    ``continues`` is the turn whose answer this one's begins with and goes on from.
    ``compacted`` is the event that tells by which summary the model knows earlier turns.
    ``started`` is when the question was taken, and from then on when its answer began.
    ``question`` is as the model was given it, without what the guard redacted.
    ``answer`` holds released text only, never text that the guard withheld. ``trace`` holds the
    events that nothing else here tells (judged, withheld, cited), as on the wire.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="children")
    continues = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    client_id = models.UUIDField()
    question = models.TextField()
    answer = models.TextField(blank=True)
    reasoning = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.RUNNING)
    reason = models.CharField(max_length=500, blank=True)
    collections = models.JSONField(default=list)
    pictures = models.JSONField(default=list)
    model = models.ForeignKey(
        "catalog.LanguageModel", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    effort = models.CharField(max_length=8, blank=True)
    model_name = models.CharField(max_length=200, blank=True)
    model_digest = models.CharField(max_length=100, blank=True)
    demo = models.BooleanField(default=False)
    prompt_version = models.PositiveIntegerField(default=0)
    policy_version = models.PositiveIntegerField(default=0)
    guard = models.CharField(max_length=200, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True)
    answer_tokens = models.PositiveIntegerField(null=True)
    context_tokens = models.PositiveIntegerField(null=True)
    first_text_ms = models.PositiveIntegerField(null=True)
    writing_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(null=True)
    started = models.DateTimeField(auto_now_add=True)
    trace = models.JSONField(default=list)
    compacted = models.JSONField(null=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering = ["started"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "client_id"], name="one_turn_per_send")
        ]
        indexes = [models.Index(fields=["status", "started"])]


class Indexed(models.Model):
    """What search looks through: the folded words (words.py) of a turn that has ended, or of the
    title of a conversation. index.py writes it, in the transaction of what it tells of."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    turn = models.OneToOneField(Turn, on_delete=models.CASCADE, null=True, related_name="indexed")
    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, null=True, related_name="indexed"
    )
    words = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(turn=None) ^ models.Q(conversation=None),
                name="words_of_a_turn_or_of_a_title",
            )
        ]


class Picture(models.Model):
    """An image that goes with a question: drawn anew when it came, so that nothing is in it but
    pixels, and kept in its row, so that it goes with its conversation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="pictures"
    )
    media_type = models.CharField(max_length=20)
    data = models.BinaryField()
    created = models.DateTimeField(auto_now_add=True)


class Source(models.Model):
    """A passage that a turn's answer was given, by reference: its words stay in the library,
    so that deleting a document deletes them here too, and access is asked anew at each look."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="sources")
    number = models.PositiveSmallIntegerField()
    chunk = models.ForeignKey(
        "library.Chunk", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    title = models.CharField(max_length=255)
    page = models.PositiveIntegerField(null=True)
    score = models.FloatField()

    class Meta:
        ordering = ["turn", "number"]
        constraints = [
            models.UniqueConstraint(fields=["turn", "number"], name="one_source_per_number")
        ]


class Reason(models.TextChoices):
    """Why an answer helped or did not. The first three praise, the others complain."""

    CORRECT = "correct", "It is correct"
    CLEAR = "clear", "It is clear"
    SOURCED = "sourced", "Its sources bear it out"
    WRONG = "wrong", "It is wrong"
    INCOMPLETE = "incomplete", "Something is missing"
    UNSOURCED = "unsourced", "Its sources do not say so"
    BESIDE = "beside", "It misses the question"
    REFUSED = "refused", "It was withheld without need"
    HARMFUL = "harmful", "It is harmful"


class Feedback(models.Model):
    """What a person says of an answer: at most one row for each of the two, gone with either."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="feedback")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    helpful = models.BooleanField()
    reasons = models.JSONField(default=list)
    words = models.CharField(max_length=1000, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["turn", "person"], name="one_feedback_per_person")
        ]
