"""People who sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    """What a person may do beside chatting. One role each: who judges the log cannot also
    run the site, and the other way round."""

    EMPLOYEE = "employee", "Employee"
    ADMIN = "admin", "Admin"
    COMPLIANCE = "compliance", "Compliance"


class User(AbstractUser):
    """A person. What they may read follows from their groups; what they may do, from ``role``."""

    role = models.CharField(max_length=12, choices=Role.choices, default=Role.EMPLOYEE)
