from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    name = "chatapp.catalog"

    def ready(self) -> None:
        post_migrate.connect(seed_after_migration, sender=self)


def seed_after_migration(apps: Apps | None = None, **_: Any) -> None:
    """A database that was just made has the model of the settings, so that nobody need start
    anything to be answered. ``apps`` is the state that a migration came to."""
    from chatapp.catalog import models
    from chatapp.catalog.in_step import keep_in_step

    kinds = (models.Endpoint, models.LanguageModel, models.Serving)
    if apps is None or all(_is_current(kind, apps) for kind in kinds):
        keep_in_step()


def _is_current(kind: Any, apps: Apps) -> bool:
    """Whether the table of ``kind`` has its present columns: one may migrate half the way."""
    try:
        there = apps.get_model("catalog", kind.__name__)
    except LookupError:
        return False
    return columns(there) == columns(kind)


def columns(kind: Any) -> set[str]:
    return {field.column for field in kind._meta.concrete_fields}
