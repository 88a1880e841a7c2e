"""Forms of the pages about models."""

from typing import Any
from urllib.parse import urlsplit

from django import forms

from chatapp.backends.facts import Effort
from chatapp.catalog.fields import Billions
from chatapp.catalog.licences import REGISTER
from chatapp.catalog.models import Endpoint, LanguageModel, OnChange, Reasoning
from chatapp.catalog.traits import EFFORTS

NO_ADDRESS = "Give an address such as http://gpu-1:8000, without a name or password in it."
LEAST_CONTEXT_TOKENS = 512
LEAST_ANSWER_TOKENS = 16


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """A server. A key that is kept is never shown: the field comes empty."""

    api_key = forms.CharField(
        label="API key",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    parallel = forms.IntegerField(
        label="Answers at once", min_value=1, max_value=10_000, required=False
    )

    class Meta:
        model = Endpoint
        fields = ["name", "kind", "url", "parallel"]
        labels = {"kind": "It speaks", "url": "Address"}
        error_messages = {"name": {"unique": "There is a server of this name already."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def clean_url(self) -> str:
        """An address of http or https without a query or a person in it, and without ``/v1``."""
        url: str = self.cleaned_data["url"].strip().rstrip("/").removesuffix("/v1")
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise forms.ValidationError(NO_ADDRESS) from None
        extra = parts.username or parts.password or parts.query or parts.fragment
        if parts.scheme not in ("http", "https") or not host or extra or not url.isprintable():
            raise forms.ValidationError(NO_ADDRESS)
        return url


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """What is said of a model, and its limits. Those of the settings' model are theirs."""

    context_tokens = forms.IntegerField(
        label="Context, in tokens",
        min_value=LEAST_CONTEXT_TOKENS,
        max_value=10_000_000,
        required=False,
    )
    answer_tokens = forms.IntegerField(
        label="Longest answer, in tokens",
        min_value=LEAST_ANSWER_TOKENS,
        max_value=1_000_000,
        required=False,
    )
    sees = forms.TypedChoiceField(
        label="It looks at images",
        choices=[("", "As its server tells"), ("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
    )
    on_change = forms.ChoiceField(label="If its server has other weights", choices=OnChange.choices)

    reasoning = forms.ChoiceField(
        label="Its reasoning",
        choices=[("", "As its server tells"), *Reasoning.choices],
        required=False,
    )
    effort = forms.ChoiceField(
        label="Where nobody chooses",
        choices=[("", "As it does unasked"), *((each, each.title()) for each in Effort)],
        required=False,
    )

    licence = forms.ChoiceField(
        choices=[("", "As its server tells"), *((each.key, each.name) for each in REGISTER)],
        required=False,
    )
    parameters = Billions(label="Parameters, in billions")
    active_parameters = Billions(label="Of which active for each token, in billions")

    class Meta:
        model = LanguageModel
        fields = [
            *("name", "enabled", "everyone", "context_tokens", "answer_tokens"),
            *("sees", "reasoning", "effort", "opened", "on_change"),
            *("licence", "licence_note", "parameters", "active_parameters"),
        ]
        labels = {
            "enabled": "People may be answered by it",
            "everyone": "Everybody who signs in",
            "opened": "Its template opens the reasoning",
            "licence_note": "A note on it",
        }
        error_messages = {"name": {"unique": "There is a model of this name already."}}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        efforts = EFFORTS.get(given.get("reasoning", ""))
        if efforts is not None and given.get("effort") and given["effort"] not in efforts:
            self.add_error("effort", "Its reasoning cannot be asked for that.")
        return given

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.initial["sees"] = {True: "yes", False: "no"}.get(self.instance.sees, "")
        if self.instance.from_settings:
            for name in ("context_tokens", "answer_tokens"):
                self.fields[name].disabled = True
