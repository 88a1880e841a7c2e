"""Rows that are only ever added.

AppendOnlyError
    raised by every path through the models that would change or remove a row.
"""

from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from django.db import models

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class AppendOnlyError(Exception):
    """Something tried to change or remove a row that is only ever added."""


def refuse(*_: Any, **__: Any) -> NoReturn:
    raise AppendOnlyError("Rows of the moderation log are only added, never changed or removed.")


class AppendOnlyQuerySet(models.QuerySet[Row_co]):
    update = refuse
    bulk_update = refuse
    update_or_create = refuse
    delete = refuse

    def bulk_create(  # type: ignore[override]  # of the options only the batch size is safe
        self, objs: Iterable[Row_co], batch_size: int | None = None, **conflicts: Any
    ) -> list[Row_co]:
        if conflicts:
            refuse()
        return super().bulk_create(objs, batch_size)


class AppendOnly(models.Model):
    """A model without a way to change or delete its rows."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *_: Any, using: str | None = None, **__: Any) -> None:
        """Insert the row; raises AppendOnlyError for one that was loaded.

        The insert is forced, since Django would update a row whose id is given.
        """
        if not self._state.adding:
            refuse()
        super().save(force_insert=True, using=using)

    delete = refuse
