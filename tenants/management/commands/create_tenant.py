from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.errors import TenantRefused
from tenants.services import create_tenant


class Command(BaseCommand):
    help = "Create a tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name for the command line: letters, digits, hyphens")
        parser.add_argument("--name", help="name for people (default: the slug)")

    def handle(self, *, slug: str, name: str | None, **options: Any) -> str:
        try:
            tenant = create_tenant(slug=slug, name=name or slug)
        except TenantRefused as exc:
            raise CommandError(f"{exc} {exc.next_step}") from exc
        return f"Created. Issue a key with: manage.py issue_api_key {tenant.slug} --label NAME --scope admin"
