"""Collections, their documents, the chunks that a document is cut into, and uploads that may
become documents.

These rows are the source of truth: Chroma holds vectors only and can be rebuilt from here.
"""

import uuid

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models


class Collection(models.Model):
    """Documents that the same groups may read, or the files of one conversation.

    What is ``attached`` belongs to the conversation ``chat``: its person alone reads it, no group
    and no admin does, and it goes when the conversation is gone, which leaves ``chat`` empty.
    ``indexes`` names every index of the vector store that ever held vectors of this collection,
    so that deleting it leaves none behind. ``deleting`` is set until its last trace is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    description = models.CharField(max_length=500, blank=True)
    readers = models.ManyToManyField(Group, related_name="collections", blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    indexes = models.JSONField(default=list, editable=False)
    deleting = models.BooleanField(default=False, editable=False)
    attached = models.BooleanField(default=False, editable=False)
    chat = models.OneToOneField(
        "conversations.Conversation",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="files",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class State(models.TextChoices):
    """Where a document stands. READY and FAILED are rest states; the others name the stage
    that is being worked on, in this order."""

    RECEIVED = "received", "Received"
    READING = "reading", "Reading"
    CHECKING = "checking", "Checking"
    EMBEDDING = "embedding", "Embedding"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    DELETING = "deleting", "Deleting"


class Upload(models.Model):
    """A file that came by the API, to be put into collections.

    Its ``id`` becomes that of the first document that is made of it. It is erased when it is in
    no collection UPLOAD_KEEP_HOURS after it came.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    name = models.CharField(max_length=255)
    file = models.FileField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    purpose = models.CharField(max_length=20)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "created"])]


class Document(models.Model):
    """One uploaded file.

    ``lease`` holds the token of the worker that is at it. Nobody may claim the document before
    ``lease_until``: while a worker is at it that is when its claim lapses (a worker that dies
    lets go by doing nothing), and after a passing failure when the next attempt is due.
    ``passages`` counts what may be used in answers, ``held_back`` what the guard keeps out.
    ``failed_in`` is the stage that a failed document got to; ``media_type`` is empty until its
    content was looked at. ``upload`` is what it was made of last, where that came by the API.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="documents")
    name = models.CharField(max_length=255)
    file = models.FileField(max_length=100)
    media_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    failed_in = models.CharField(max_length=10, choices=State.choices, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    pages = models.PositiveIntegerField(null=True)
    passages = models.PositiveIntegerField(default=0)
    passages_done = models.PositiveIntegerField(default=0)
    held_back = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    upload = models.ForeignKey(
        Upload, on_delete=models.SET_NULL, null=True, related_name="documents"
    )
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "sha256"], name="same_bytes_once_per_collection"
            )
        ]
        indexes = [models.Index(fields=["state", "lease_until"])]

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """Files that were put into a collection together; ``total`` is how many there were, also
    when some of their documents are gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="batches")
    documents = models.ManyToManyField(Document, related_name="+")
    total = models.PositiveIntegerField()
    created = models.DateTimeField(auto_now_add=True)


class Chunk(models.Model):
    """A piece of a document, as it is embedded and cited.

    ``vector_id`` is its id in Chroma. A quarantined chunk (the guard found an instruction in
    it) is kept for people to see and is never embedded.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="chunks")
    ordinal = models.PositiveIntegerField()
    text = models.TextField()
    heading = models.CharField(max_length=500, blank=True)
    page = models.PositiveIntegerField(null=True)
    quarantined = models.BooleanField(default=False)

    class Meta:
        ordering = ["document", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["document", "ordinal"], name="one_chunk_per_ordinal")
        ]

    @property
    def vector_id(self) -> str:
        return f"{self.document_id}:{self.ordinal}"
