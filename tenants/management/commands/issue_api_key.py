from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tenants.errors import TenantRefused
from tenants.keys import KeyMode
from tenants.lookup import find_tenant, parse_duration
from tenants.scopes import Scope
from tenants.services import issue_api_key


class Command(BaseCommand):
    help = "Issue an API key to a tenant and print its secret, once. Only the secret goes to standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="slug of the tenant")
        parser.add_argument("--label", required=True, help="who will hold the key")
        parser.add_argument("--scope", action="append", choices=[s.value for s in Scope], required=True)
        parser.add_argument("--mode", choices=[m.value for m in KeyMode], help="test: for the sandbox of the tenant")
        parser.add_argument("--expires", metavar="SPAN", help="how long it works, such as 90d (default: no end)")
        parser.add_argument("--prep-per-minute", type=int, help="writes a minute")
        parser.add_argument("--check-per-minute", type=int, help="reads a minute")
        parser.add_argument("--node", type=UUID, metavar="ID", help="the only course node that it reaches")
        parser.add_argument(
            "--network", action="append", default=[], metavar="CIDR", help="the only networks that it works in"
        )

    def handle(
        self,
        *,
        tenant: str,
        label: str,
        scope: list[str],
        mode: str | None,
        expires: str | None,
        prep_per_minute: int | None,
        check_per_minute: int | None,
        node: UUID | None,
        network: list[str],
        **options: Any,
    ) -> str:
        owner = find_tenant(tenant)
        try:
            issued = issue_api_key(
                tenant=owner,
                label=label,
                scopes=[Scope(name) for name in scope],
                mode=KeyMode(mode) if mode else None,
                expires_at=timezone.now() + parse_duration(expires) if expires else None,
                prep_per_minute=prep_per_minute,
                check_per_minute=check_per_minute,
                node_id=node,
                networks=network,
            )
        except TenantRefused as exc:
            raise CommandError(f"{exc} {exc.next_step}") from exc
        # To standard error: `KEY=$(manage.py issue_api_key ...)` must capture the secret and nothing else.
        self.stderr.write(f"Key {issued.key.prefix} for {issued.key.tenant.slug}. It is shown only now:")
        return issued.secret
