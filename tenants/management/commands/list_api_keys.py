from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tenants.lookup import tenant_named
from tenants.models import ApiKey


class Command(BaseCommand):
    help = "List the keys of a tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="slug of the tenant")

    def handle(self, *, tenant: str, **options: Any) -> None:
        now = timezone.now()
        for key in ApiKey.objects.of(tenant_named(tenant)).order_by("created_at"):
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
            self.stdout.write(
                f"{key.pk}  {key.prefix}  {key.state(now):<8} {','.join(key.scopes):<12} {used:<16}  {key.label}"
            )
