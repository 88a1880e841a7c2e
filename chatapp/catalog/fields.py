"""Fields that several forms about models share."""

from typing import Any

from django import forms

from chatapp.catalog.traits import BILLION


class Billions(forms.DecimalField):
    """A number of parameters, shown and given in billions."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, min_value=0, max_value=100_000, required=False)

    def prepare_value(self, value: Any) -> Any:
        return f"{value / BILLION:g}" if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        given = super().clean(value)
        return round(given * BILLION) if given else None
