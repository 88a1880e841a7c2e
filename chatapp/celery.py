"""The Celery application: ``celery -A chatapp.celery``; settings are Django's ``CELERY_…``.

Its processes show that they are well by touching a file, since they answer no requests: the
worker at each heartbeat that it sends, the scheduler at each task that it sends.
"""

import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatapp.settings")

app = Celery("parapet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def show_life(name: str) -> None:
    from django.conf import settings

    from chatapp.launch.health import sign_of_life

    path = sign_of_life(settings.VAR_DIR, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch()


def show_life_of_worker(**_: Any) -> None:
    show_life("worker")


def show_life_of_beat(**_: Any) -> None:
    show_life("beat")


def watch_beat(**_: Any) -> None:
    """Only in the scheduler, since every process that sends a task sends this signal."""
    show_life_of_beat()
    signals.after_task_publish.connect(show_life_of_beat)


def die_with_worker(**_: Any) -> None:
    """A pool process whose worker was killed would wait on its pipe for ever."""
    from chatapp.launch.lineage import die_with_parent

    die_with_parent()


signals.worker_ready.connect(show_life_of_worker)
signals.heartbeat_sent.connect(show_life_of_worker)
signals.beat_init.connect(watch_beat)
signals.worker_process_init.connect(die_with_worker)
