"""What an admin may change about people: the groups they are in, and nothing that is theirs alone.

Roles are given by operators, by command: an admin who could change them could let themselves
into the moderation log.
"""

import logging
from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.db.models.functions import Lower

from chatapp.accounts.models import Role, User

logger = logging.getLogger(__name__)


def managed_people(user: User) -> QuerySet[User]:
    """People whose groups this person may change: all of them for an admin, else none."""
    allowed = user.is_active and user.role == Role.ADMIN
    return User.objects.order_by(Lower("username")) if allowed else User.objects.none()


def managed_groups(user: User) -> QuerySet[Group]:
    """Groups that this person may name and fill, with their number of ``people``."""
    allowed = user.is_active and user.role == Role.ADMIN
    groups = Group.objects.all() if allowed else Group.objects.none()
    return groups.annotate(people=Count("user")).order_by(Lower("name"))


def set_groups(person: User, groups: Iterable[Group], by: User) -> None:
    """Put ``person`` into exactly ``groups``; their next question reads what these may read."""
    chosen = list(groups)
    person.groups.set(chosen)
    names = ", ".join(group.name for group in chosen) or "none"
    logger.info("%s set the groups of %s: %r", by.username, person.username, names)


def name_group(group: Group, by: User) -> None:
    """Store a new group, or another name for one."""
    group.save()
    logger.info("%s named group %s %r", by.username, group.pk, group.name)
