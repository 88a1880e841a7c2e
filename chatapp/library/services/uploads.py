"""Files that came by the API: kept, put into collections, and erased when nothing needs them."""

import os
import shutil
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from chatapp.accounts.models import User
from chatapp.library.models import Batch, Collection, Document, State, Upload
from chatapp.library.services.names import display_name
from chatapp.library.services.receive import (
    Already,
    Refused,
    Written,
    already_there,
    deleted_unless_kept,
    recorded,
    write,
)

FOLDER = "uploads"


def store(file: "File[Any]") -> Written:
    """Put ``file`` on disk; no row is touched. Raises Refused."""
    return write(file, FOLDER)


def keep(written: Written, name: str, purpose: str, person: User) -> Upload:
    """The row for what was stored."""
    with deleted_unless_kept(written.path):
        return Upload.objects.create(
            owner=person,
            name=display_name(name),
            file=written.path,
            size=written.size,
            sha256=written.sha256,
            purpose=purpose,
        )


def attach(upload: Upload, collection: Collection) -> Document:
    """The document in ``collection`` with the bytes of ``upload``: a new one, or the one that is
    there already. Raises Refused."""
    path = f"{collection.id.hex}/{uuid.uuid4().hex}"
    try:
        with deleted_unless_kept(path):
            share(upload, path)
            return recorded(
                Document(
                    collection=collection,
                    name=upload.name,
                    file=path,
                    size=upload.size,
                    sha256=upload.sha256,
                    uploaded_by=upload.owner,
                    upload=upload,
                )
            )
    except Already as already:
        return taken_over(already.document, upload)


def share(upload: Upload, path: str) -> None:
    """Give the bytes of ``upload`` a second name, or a copy where the disk knows no such thing.
    Raises Refused where they are gone."""
    target = Path(default_storage.path(path))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(upload.file.path, target)
    except FileNotFoundError:
        raise Refused("This file was deleted.") from None
    except OSError:
        shutil.copyfile(upload.file.path, target)


def taken_over(twin: Document, upload: Upload) -> Document:
    """``twin``, which from now on is ``upload`` in its collection. Raises Refused."""
    staying = Document.objects.filter(pk=twin.pk).exclude(state=State.DELETING)
    if not staying.update(upload=upload):
        twin.state = State.DELETING
        raise Refused(already_there(upload.name, twin))
    twin.upload = upload
    return twin


def forget(upload: Upload) -> None:
    """Erase ``upload``; documents that were made of it stay."""
    Upload.objects.filter(pk=upload.pk).delete()
    upload.file.delete(save=False)


def expiry(upload: Upload) -> datetime | None:
    """When ``upload`` is erased; None while it is in a collection."""
    if upload.documents.all():  # not exists(): lists prefetch them
        return None
    return upload.created + timedelta(hours=settings.UPLOAD_KEEP_HOURS)


def erase_unused() -> int:
    """Erase uploads that expired, and files of which no row knows; how many uploads."""
    past = timezone.now() - timedelta(hours=settings.UPLOAD_KEEP_HOURS)
    unused = Upload.objects.filter(created__lt=past, documents=None)
    number = sum(map(erase, unused.values_list("pk", flat=True)))
    Batch.objects.filter(created__lt=past).delete()
    sweep(past)
    return number


def erase(name: uuid.UUID) -> bool:
    """Whether the upload ``name`` was erased; a collection may have got it just now."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().filter(pk=name).first()
        if upload is None or upload.documents.exists():
            return False
        upload.delete()
    upload.file.delete(save=False)
    return True


def sweep(past: datetime) -> None:
    """Delete files that a process which died before it wrote their rows left here."""
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    paths = list(folder.iterdir()) if folder.exists() else []
    old = [path for path in paths if written_at(path) < past.timestamp()]
    names = [f"{FOLDER}/{path.name}" for path in old]
    known = set(Upload.objects.filter(file__in=names).values_list("file", flat=True))
    for path, name in zip(old, names, strict=True):
        if name not in known:
            path.unlink(missing_ok=True)


def written_at(path: Path) -> float:
    """When the file was written, in seconds since 1970; now where it is just being deleted."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
