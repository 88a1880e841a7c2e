"""Forms of the pages about one's own account."""

from django.contrib.auth.forms import AuthenticationForm

UNMATCHED = "That name and password do not match. Check both, and mind capital letters."


class SignInForm(AuthenticationForm):
    """Says the same whether the name, the password or the account is at fault."""

    error_messages = {"invalid_login": UNMATCHED, "inactive": UNMATCHED}
