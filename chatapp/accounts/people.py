"""What an admin may change about people: the groups they are in, and nothing that is theirs alone.

Roles are given by operators, by command: an admin who could change them could let themselves
into the moderation log.
"""

import logging
from collections.abc import Iterable

from django.contrib.auth.models import Group

from chatapp.accounts.models import User

logger = logging.getLogger(__name__)


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
