"""The users of the admin who belong to a tenant."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from project.db.fields import UUIDModel
from tenants.models.tenants import Tenant


class TenantMembership(UUIDModel):
    """A user of the admin who belongs to one tenant, and sees nothing of any other."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="membership")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="members")
    was_staff = models.BooleanField(
        default=False, help_text="Whether the user was staff before, and stays it when the membership ends."
    )

    class Meta:
        permissions = [("edit_courses", "Can read and edit the courses of the tenant in the admin")]

    def __str__(self) -> str:
        return f"{self.user} ({self.tenant})"
