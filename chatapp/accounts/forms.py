"""Forms of the pages about one's own account."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UsernameField

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
