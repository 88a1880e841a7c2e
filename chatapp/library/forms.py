"""Forms of the library's pages."""

import logging
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.db import transaction

from chatapp.accounts.models import User
from chatapp.library.models import Collection

logger = logging.getLogger(__name__)


class GroupsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # as below
    def clean(self, value: Any) -> Any:
        """Django's own asks the database for any number, and SQLite fails beyond 64 bits."""
        known = {str(number) for number in Group.objects.values_list("pk", flat=True)}
        for number in value or ():
            if str(number) not in known:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], params={"value": number}
                )
        return super().clean(value)


class CollectionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stub only
    """A collection's name, what it is for, and who may read it."""

    readers = GroupsField(
        label="Groups that may read it",
        queryset=Group.objects.order_by("name"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = Collection
        fields = ["name", "description", "readers"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}
        error_messages = {"name": {"unique": "There is a collection of this name already."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def store(self, by: User) -> Collection:
        """Save what the form shows and nothing else: the worker and a deletion write to the same
        row meanwhile. The process's log says who let whom read."""
        collection: Collection = self.save(commit=False)
        adding = collection._state.adding
        if adding:
            collection.created_by = by
        with transaction.atomic():
            collection.save(update_fields=None if adding else ["name", "description"])
            self.save_m2m()
        names = ", ".join(group.name for group in self.cleaned_data["readers"]) or "none"
        logger.info("%s set the readers of collection %s: %r", by.username, collection.pk, names)
        return collection
