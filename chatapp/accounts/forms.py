"""Forms of the pages about accounts."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UsernameField
from django.contrib.auth.models import Group

UNMATCHED = "That name and password do not match. Check both, and mind capital letters."


class SignInForm(AuthenticationForm):
    """Says the same whether the name, the password or the account is at fault."""

    # Django's own checks no length, and a name that is too long for axes' column would be a fault.
    username = UsernameField(
        label="Name", max_length=150, widget=forms.TextInput(attrs={"autofocus": True})
    )

    error_messages = {"invalid_login": UNMATCHED, "inactive": UNMATCHED}


class PasswordForm(PasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = "Current password"
        self.fields["new_password1"].label = "New password"
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""
        # The page is about more than this form: it does not take the focus.
        self.fields["old_password"].widget.attrs.pop("autofocus", None)


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    class Meta:
        model = Group
        fields = ["name"]

    def clean_name(self) -> str:
        """Two names that differ by a capital would be mistaken for one another."""
        name: str = self.cleaned_data["name"]
        if Group.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"There is already a group called {name}.")
        return name


class GroupsForm(forms.Form):
    """Some of ``known``, by id: those that one person is in."""

    # No ModelMultipleChoiceField: ids beyond 64 bits would reach SQLite and be a fault of ours.
    groups = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, known: Iterable[Group], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(group.pk): group for group in known}
        field = cast("forms.MultipleChoiceField", self.fields["groups"])
        field.choices = [(number, group.name) for number, group in self.known.items()]

    def clean_groups(self) -> list[Group]:
        return [self.known[number] for number in self.cleaned_data["groups"]]
