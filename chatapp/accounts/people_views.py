"""People and groups, for admins."""

from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chatapp.access import managed_groups, managed_people, role_required, signed_in
from chatapp.accounts.forms import GroupForm, GroupsForm
from chatapp.accounts.models import Role
from chatapp.accounts.people import name_group, set_groups

PAGE_SIZE = 50


@require_GET
@role_required(Role.ADMIN)
def people(request: HttpRequest) -> HttpResponse:
    admin = signed_in(request)
    wanted = request.GET.get("q", "").replace("\0", "").strip()
    found = managed_people(admin).prefetch_related("groups")
    if wanted:
        found = found.filter(username__icontains=wanted)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = {"page": page, "q": wanted, "groups": managed_groups(admin)}
    return render(request, "accounts/people.html", shown)


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMIN)
def person(request: HttpRequest, number: int) -> HttpResponse:
    """One person's groups. The role is shown, and no field of this page sets it."""
    admin = signed_in(request)
    member = get_object_or_404(managed_people(admin), pk=number)
    current = [group.pk for group in member.groups.all()]
    sent = request.POST if request.method == "POST" else None
    form = GroupsForm(managed_groups(admin), sent, initial={"groups": current})
    if form.is_valid():
        set_groups(member, form.cleaned_data["groups"], by=admin)
        messages.success(request, f"The groups of {member.username} were changed.")
        return redirect("people")
    return render(request, "accounts/person.html", {"member": member, "form": form})


@require_POST
@role_required(Role.ADMIN)
def add_group(request: HttpRequest) -> HttpResponse:
    return _name(request, Group(), "added")


@require_POST
@role_required(Role.ADMIN)
def rename_group(request: HttpRequest, number: int) -> HttpResponse:
    groups = managed_groups(signed_in(request))
    return _name(request, get_object_or_404(groups, pk=number), "renamed")


def _name(request: HttpRequest, group: Group, done: str) -> HttpResponse:
    form = GroupForm(request.POST, instance=group)
    if form.is_valid():
        name_group(form.instance, by=signed_in(request))
        messages.success(request, f"The group {form.instance.name} was {done}.")
    else:
        reasons = " ".join(str(reason) for reason in form.errors.get("name", []))
        messages.error(request, f"The group was not {done}. {reasons}")
    return redirect("people")
