"""The Celery application: ``celery -A chatapp.celery``; settings are Django's ``CELERY_…``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatapp.settings")

app = Celery("parapet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
