from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tenants.lookup import find_tenant
from tenants.services import suspend_tenant


class Command(BaseCommand):
    help = "Refuse every key of a tenant from now on. Nothing is deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")

    def handle(self, *, slug: str, **options: Any) -> str:
        suspend_tenant(tenant=find_tenant(slug))
        return f"{slug} is suspended."
