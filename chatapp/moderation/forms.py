"""The filters of the log, as they stand in its address."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.timezone import get_current_timezone

from chatapp.moderation.models import Kind
from guardrails.verdict import CATEGORIES, OWN_CATEGORIES, Action, Stage

LARGEST_ID = 2**63 - 1
"""Of a row, in PostgreSQL's bigint and in SQLite."""
SENSIBLE = [MinValueValidator(date(1970, 1, 2)), MaxValueValidator(date(9998, 12, 31))]
"""Days that every time zone can express."""


class Day(forms.DateField):
    def __init__(self, label: str) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, required=False, validators=SENSIBLE, widget=widget)


class Choice(forms.ChoiceField):
    def __init__(self, label: str, choices: list[tuple[str, str]]) -> None:
        super().__init__(label=label, required=False, choices=[("", "Any"), *choices])


def category_choices() -> list[tuple[str, str]]:
    named = [(code, f"{code} {name}") for code, name in CATEGORIES.items()]
    return named + list(OWN_CATEGORIES.items())


class FilterForm(forms.Form):
    """Each field is optional; one that makes no sense is named, and the others still count."""

    q = forms.CharField(
        label="Words", required=False, max_length=200, widget=forms.TextInput({"type": "search"})
    )
    category = Choice("Category", category_choices())
    stage = Choice("Stage", [(stage.value, stage.value.title()) for stage in Stage])
    action = Choice("Action", [(action.label, action.label.title()) for action in Action])
    kind = Choice("Kind", [(kind.value, str(kind.label)) for kind in Kind])
    person = forms.CharField(label="Person", required=False, max_length=150)
    since = Day("From")
    until = Day("To")
    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    after = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_ID)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, label_suffix="")

    def clean_category(self) -> str:
        code = self.cleaned_data["category"]
        return f" {code} " if code else ""

    def clean_since(self) -> datetime | None:
        return at(self.cleaned_data["since"], time.min)

    def clean_until(self) -> datetime | None:
        return at(self.cleaned_data["until"], time.max)

    def wanted(self) -> dict[str, Any]:
        """The values that were given and make sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}

    @property
    def visible(self) -> list[forms.BoundField]:
        """The fields that narrow the list; the others say where in it one is."""
        return [self[name] for name in self.fields if name not in ("before", "after")]


def at(day: date | None, hour: time) -> datetime | None:
    return datetime.combine(day, hour, get_current_timezone()) if day else None
