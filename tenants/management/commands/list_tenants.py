from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, Q
from django.utils import timezone

from tenants.models import Tenant


class Command(BaseCommand):
    help = "List the tenants."

    def handle(self, **options: Any) -> None:
        unexpired = Q(keys__expires_at=None) | Q(keys__expires_at__gt=timezone.now())
        working = Count("keys", filter=Q(keys__revoked_at=None) & unexpired)
        for tenant in Tenant.objects.annotate(working_keys=working):
            state = "active" if tenant.is_active else "suspended"
            self.stdout.write(f"{tenant.slug:<24} {state:<10} {tenant.working_keys:>3} working keys  {tenant.name}")
