"""The form of a new API key."""

from typing import Any

from django import forms

from chatapp import access
from chatapp.accounts.models import Role, User
from chatapp.api.keys import Wish
from chatapp.api.models import Scope
from chatapp.library.models import Collection

DAYS = ((7, "In a week"), (30, "In 30 days"), (90, "In 90 days"), (365, "In a year"))
FOR_ADMINS = (Scope.COLLECTIONS_WRITE,)


class KeyForm(forms.Form):
    """Offers only what its owner may do and read."""

    name = forms.CharField(label="What it is for", max_length=80)
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that it may do."},
    )
    collections = forms.ModelMultipleChoiceField(
        label="Collections that its chats search",
        queryset=Collection.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    days = forms.TypedChoiceField(label="Expires", choices=DAYS, coerce=int, initial=90)

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        hidden = () if person.role == Role.ADMIN else FOR_ADMINS
        scopes: Any = self.fields["scopes"]
        scopes.choices = [(scope.value, scope.label) for scope in Scope if scope not in hidden]
        collections: Any = self.fields["collections"]
        collections.queryset = access.readable_collections(person).order_by("name")

    @property
    def wish(self) -> Wish:
        """What a valid form asks for."""
        data = self.cleaned_data
        return Wish(data["name"], tuple(data["scopes"]), data["days"], tuple(data["collections"]))
