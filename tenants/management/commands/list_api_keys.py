from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tenants.lookup import find_tenant
from tenants.models import ApiKey


class Command(BaseCommand):
    help = "List the keys of a tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="slug of the tenant")

    def handle(self, *, tenant: str, **options: Any) -> None:
        now = timezone.now()
        for key in ApiKey.objects.for_tenant(find_tenant(tenant)).order_by("created_at"):
            used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
            ends = f"ends {key.expires_at:%Y-%m-%d %H:%M}" if key.expires_at else "no end"
            scopes = ",".join(key.scopes)
            node = f"  node {key.node_id}" if key.node_id else ""
            networks = f"  from {','.join(key.networks)}" if key.networks else ""
            self.stdout.write(
                f"{key.pk}  {key.prefix}  {key.get_state(now):<8} {scopes:<11} {used:<21}  {ends:<21}  {key.label}"
                f"{node}{networks}"
            )
