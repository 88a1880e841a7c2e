"""Signing in and out, and one's own account."""

from datetime import timedelta
from math import ceil
from typing import Any

from axes.helpers import get_cool_off
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django_htmx.http import HttpResponseClientRefresh

from chatapp.accounts.forms import PasswordForm, SignInForm


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # A part of a page that was asked for after the session had ended: load all of it anew,
        # so that this page stands alone and leads back there.
        if request.headers.get("HX-Request"):
            return HttpResponseClientRefresh()
        return super().get(request, *args, **kwargs)

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        """Where one was going, if that is a path of this site, else ""."""
        address: str = super().get_redirect_url(*args, **kwargs)
        return address if address.startswith("/") else ""


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """POST only. Open to all: who is signed out already is where they want to be."""


class Account(PasswordChangeView):
    """Who one is here, and another password; changing it ends one's other sessions."""

    template_name = "accounts/account.html"
    form_class = PasswordForm
    success_url = reverse_lazy("account")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(
            self.request, "Your password was changed. You were signed out on other devices."
        )
        return super().form_valid(form)


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """What axes answers after too many failures, beside whatever the page would have said."""
    pause = get_cool_off(request)
    minutes = ceil(pause / timedelta(minutes=1))
    page = render(request, "accounts/locked_out.html", {"minutes": minutes}, status=429)
    page["Retry-After"] = str(round(pause.total_seconds()))
    return page
